import fs from 'node:fs';
import path from 'node:path';
import { ReeveError, fail } from '../contracts/errors.ts';
import { errno } from './durable.ts';

/** Where everything of one daemon lives. All paths are absolute. */
export interface Home {
  root: string;
  /** Numeric user the home belongs to: the person on the socket. -1 where there are no such ids. */
  uid: number;
  ledger: string;
  artifacts: string;
  keys: string;
  secrets: string;
  /** Snapshots and other caches: may be deleted at any time. */
  state: string;
  scratch: string;
  backups: string;
  /** Samples of the probes: retention-bound, outside the ledger. */
  samples: string;
  /** Bodies of webhooks: retention-bound, named by records of the ledger. */
  webhooks: string;
  socket: string;
  lock: string;
  pid: string;
  log: string;
  /** Readable mirror of the AdminEvents. */
  /** Of what runs: the daemon empties it when it starts. */
  attempts: string;
  audit: string;
  /** Bytes kept for halts on a full disk (admission/halt-reserve.ts); there since the first start went through. */
  reserve: string;
  /** Permissions that were wider than needed and were narrowed at start, for the log. */
  narrowed: readonly string[];
}

const FOLDERS = ['ledger', 'artifacts', 'keys', 'secrets', 'state', 'scratch', 'backups'] as const;
/** sun_path holds 108 bytes on Linux and 104 on macOS, with the final NUL (unix(7)). */
const MAX_SOCKET_PATH = 103;

/** The paths of a home, without looking at the disk. */
export function homePaths(root: string): Omit<Home, 'uid' | 'narrowed'> {
  const at = (name: string): string => path.join(root, name);
  return {
    root,
    ledger: at('ledger'),
    artifacts: at('artifacts'),
    keys: at('keys'),
    secrets: at('secrets'),
    state: at('state'),
    scratch: at('scratch'),
    backups: at('backups'),
    attempts: at('scratch/jobs/scratch'),
    samples: at('samples'),
    webhooks: at('webhooks'),
    socket: at('reeve.sock'),
    lock: at('reeve.lock'),
    pid: at('reeve.pid'),
    log: at('reeve.log'),
    audit: at('audit.log.jsonl'),
    reserve: at('halts.reserve'),
  };
}

/**
 * Makes the home (0700) with its folders, or proves that the one there is safe: real folders, ours, writable by nobody
 * else. A home that others may only read is narrowed to 0700. Throws `HOME_INSECURE`, `HOME_UNUSABLE`.
 */
export function openHome(folder: string): Home {
  const root = path.resolve(folder);
  const paths = homePaths(root);
  if (Buffer.byteLength(paths.socket) > MAX_SOCKET_PATH) {
    throw fail('HOME_UNUSABLE', {
      path: root,
      why: `its socket's path would be longer than ${MAX_SOCKET_PATH} bytes`,
    });
  }
  const narrowed: string[] = [];
  makeFolder(root, narrowed, true);
  checkAbove(root);
  for (const name of FOLDERS) makeFolder(path.join(root, name), narrowed, false);
  for (const file of [paths.lock, paths.pid, paths.audit, paths.log]) checkFile(file);
  checkSocket(paths.socket);
  return Object.freeze({ ...paths, uid: fs.lstatSync(root).uid, narrowed });
}

/** What `openHome` would narrow, and what it would refuse, of the home there is. Changes nothing. */
export function homeFaults(folder: string): { narrows: string[]; refused: string[] } {
  const root = path.resolve(folder);
  const paths = homePaths(root);
  const narrows: string[] = [];
  const refused: string[] = [];
  const look = (run: () => void): void => {
    try {
      run();
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      refused.push(error.message);
    }
  };
  const folders = [root, ...FOLDERS.map((name) => path.join(root, name)), path.join(root, 'bots')];
  for (const one of folders)
    look(() => {
      const stat = lstat(one);
      if (stat === undefined) return;
      checkFolder(one, stat);
      if ((stat.mode & 0o077) !== 0) narrows.push(`${one} is open to others (mode ${octal(stat.mode)})`);
    });
  look(() => checkAbove(root));
  for (const file of [paths.lock, paths.pid, paths.audit, paths.log]) look(() => checkFile(file));
  look(() => checkSocket(paths.socket));
  return { narrows, refused };
}

function makeFolder(folder: string, narrowed: string[], parents: boolean): void {
  try {
    // 0700 for parents too: what this makes above the home is nobody else's either.
    if (parents) fs.mkdirSync(path.dirname(folder), { recursive: true, mode: 0o700 });
    fs.mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    if (errno(cause) !== 'EEXIST') throw unusable(folder, cause);
  }
  const stat = lstat(folder);
  if (stat === undefined) throw fail('HOME_UNUSABLE', { path: folder, why: 'it went away' });
  checkFolder(folder, stat);
  if ((stat.mode & 0o077) !== 0) {
    fs.chmodSync(folder, 0o700);
    narrowed.push(`${folder}: mode ${octal(stat.mode)} narrowed to 700`);
  }
}

function checkFolder(folder: string, stat: fs.Stats): void {
  if (stat.isSymbolicLink())
    throw fail('HOME_INSECURE', { path: folder, why: 'it is a symbolic link; use the real folder' });
  if (!stat.isDirectory()) throw fail('HOME_UNUSABLE', { path: folder, why: 'it is not a folder' });
  checkOwner(folder, stat);
}

/** Whoever may write to a folder above can put another home in our place. A sticky folder such as /tmp prevents it. */
function checkAbove(root: string): void {
  let folder = path.dirname(fs.realpathSync(root));
  for (;;) {
    const stat = fs.statSync(folder);
    if ((stat.mode & 0o1002) === 0o002) {
      throw fail('HOME_INSECURE', {
        path: root,
        why: `anybody may replace it, because ${folder} is writable by all (mode ${octal(stat.mode)})`,
      });
    }
    if (folder === path.dirname(folder)) return;
    folder = path.dirname(folder);
  }
}

/** A file of the home that is about to be opened by name: plain, ours, with one name, written by nobody else. */
function checkFile(file: string): void {
  const stat = lstat(file);
  if (stat === undefined) return;
  if (stat.isSymbolicLink()) throw fail('HOME_INSECURE', { path: file, why: 'it is a symbolic link' });
  if (!stat.isFile()) throw fail('HOME_INSECURE', { path: file, why: 'it is not a plain file' });
  checkOwner(file, stat);
  if (stat.nlink > 1)
    throw fail('HOME_INSECURE', { path: file, why: 'it has a second name (a hard link) elsewhere' });
}

function checkSocket(file: string): void {
  const stat = lstat(file);
  if (stat === undefined) return;
  if (!stat.isSocket()) throw fail('HOME_INSECURE', { path: file, why: 'it is not a socket' });
  checkOwner(file, stat);
}

function checkOwner(file: string, stat: fs.Stats): void {
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid)
    throw fail('HOME_INSECURE', { path: file, why: `it belongs to user ${stat.uid}, you are ${uid}` });
  if ((stat.mode & 0o022) !== 0 && !stat.isSocket())
    throw fail('HOME_INSECURE', { path: file, why: `others may write to it (mode ${octal(stat.mode)})` });
}

function lstat(file: string): fs.Stats | undefined {
  try {
    return fs.lstatSync(file, { throwIfNoEntry: false });
  } catch (cause) {
    throw unusable(file, cause);
  }
}

const octal = (mode: number): string => (mode & 0o7777).toString(8);

function unusable(file: string, cause: unknown): Error {
  const why = {
    EACCES: 'you may not write there',
    EPERM: 'you may not write there',
    EROFS: 'the disk is read-only',
    ENOTDIR: 'a part of the path is not a folder',
    ENOSPC: 'the disk is full',
    ELOOP: 'its path goes in circles',
    ENAMETOOLONG: 'the path is too long',
    ENOENT: 'a part of the path is missing',
  }[errno(cause)];
  return fail('HOME_UNUSABLE', { path: file, why: why ?? (errno(cause) || String(cause)) }, { cause });
}
