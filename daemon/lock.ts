import fs from 'node:fs';
import { z } from 'zod';
import { fail } from '../contracts/errors.ts';
import { errno, isNoSpace } from './durable.ts';

/** Who holds the home; only for people and as a second look, the lock itself is the kernel's. */
const Holder = z.strictObject({
  pid: z.int().min(1),
  /** The kernel's boot id, and the process's start in clock ticks since boot (proc(5), field 22): a pid is reused, these three together are not. */
  boot: z.string().max(64),
  start: z.string().max(32),
  /** ms since the epoch. */
  since: z.int().min(0),
});
type Holder = z.infer<typeof Holder>;

export interface HomeLock {
  /** Removes the pid file and lets go. Safe to call twice. */
  release(): void;
}

/**
 * Makes this process the only daemon on a home.
 *
 * The lock is a POSIX record lock (fcntl) on an empty file, taken through the SQLite that Node carries, because Node
 * itself has no flock. The kernel decides between two starters at the same instant and lets go when the process dies,
 * also by kill -9, so there is no stale lock to judge. Nothing is ever stored in the file. Should somebody delete it
 * while the daemon runs, the pid file still shows the holder.
 *
 * Throws `HOME_IN_USE` with the holder's pid, `HOME_INSECURE` when lock or pid file is not a plain file of ours.
 */
export async function lockHome(
  paths: { root: string; lock: string; pid: string },
  now: number,
): Promise<HomeLock> {
  openPlain(paths.lock);
  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(paths.lock, { timeout: 0 });
  try {
    db.exec('PRAGMA journal_mode=MEMORY; PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE');
  } catch (cause) {
    db.close();
    // 5 is SQLITE_BUSY; anything else (26: not a database) says that the file is not our lock.
    if (cause instanceof Error && 'errcode' in cause && cause.errcode === 5) {
      throw fail(
        'HOME_IN_USE',
        { pid: readHolder(paths.pid)?.pid ?? 'unknown', path: paths.root },
        { cause },
      );
    }
    throw fail('HOME_INSECURE', { path: paths.lock, why: 'it is not a lock file of Reeve' }, { cause });
  }
  const other = readHolder(paths.pid);
  if (other !== undefined && other.pid !== process.pid && isAlive(other)) {
    db.close();
    throw fail('HOME_IN_USE', { pid: other.pid, path: paths.root });
  }
  try {
    writeHolder(paths.pid, { pid: process.pid, ...identity(process.pid), since: now });
  } catch (cause) {
    // The kernel's lock is held all the same; on a full disk nobody can be told by whom.
    if (!isNoSpace(cause)) {
      db.close();
      throw fail('HOME_UNUSABLE', { path: paths.pid, why: errno(cause) }, { cause });
    }
    fs.rmSync(`${paths.pid}.tmp`, { force: true });
  }
  let held = true;
  return {
    release() {
      if (!held) return;
      held = false;
      fs.rmSync(paths.pid, { force: true });
      db.close();
    },
  };
}

/** The running holder's pid, when there is one. For tools that only want to look. */
export function holderOf(paths: { pid: string }): number | undefined {
  const holder = readHolder(paths.pid);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/**
 * Creates the lock file, or proves that it is a plain file: SQLite would follow a link. It is never opened when it is
 * there already, because closing any descriptor of a file drops all of the process's record locks on it.
 */
function openPlain(file: string): void {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_RDWR } = fs.constants;
  try {
    fs.closeSync(fs.openSync(file, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600));
  } catch (cause) {
    if (errno(cause) !== 'EEXIST') throw fail('HOME_UNUSABLE', { path: file, why: errno(cause) }, { cause });
  }
  const stat = fs.lstatSync(file);
  if (stat.isSymbolicLink()) throw fail('HOME_INSECURE', { path: file, why: 'it is a symbolic link' });
  if (!stat.isFile() || stat.nlink !== 1)
    throw fail('HOME_INSECURE', { path: file, why: 'it is not a plain file with one name' });
}

function readHolder(file: string): Holder | undefined {
  try {
    const fd = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
    try {
      return Holder.parse(JSON.parse(fs.readFileSync(fd, 'utf8')));
    } finally {
      fs.closeSync(fd);
    }
  } catch {
    // Absent, torn by a crash, or not ours: the lock itself has decided already.
    return undefined;
  }
}

function writeHolder(file: string, holder: Holder): void {
  const tmp = `${file}.tmp`;
  fs.rmSync(tmp, { force: true });
  fs.writeFileSync(tmp, `${JSON.stringify(holder)}\n`, { flag: 'wx', mode: 0o600 });
  fs.renameSync(tmp, file);
}

function isAlive(holder: Holder): boolean {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (errno(error) === 'ESRCH') return false;
  }
  // Where there is no /proc a pid proves nothing, and the kernel's lock decides alone.
  const found = identity(holder.pid);
  return found.start !== '' && found.boot === holder.boot && found.start === holder.start;
}

/** Boot id and start time of a process; empty strings where the system has no /proc. */
function identity(pid: number): { boot: string; start: string } {
  try {
    const boot = fs.readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The command name in parentheses may contain anything, so count from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie runs no more, though its parent has not asked for its status: it counts as gone.
    const dead = fields[0] === 'Z' || fields[0] === 'X';
    return { boot, start: dead ? '' : (fields[19] ?? '') };
  } catch {
    return { boot: '', start: '' };
  }
}
