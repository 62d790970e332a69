import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { canonical } from '../../canonical.ts';
import { sha256Hex } from '../../digest.ts';
import { createDurably, errno, isNoSpace, makeFolder, readWhole, replaceDurably } from '../../durable.ts';
import { checkPrivateFolder } from '../../private-file.ts';
import { iso } from '../../time.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { copyFile } from './copy.ts';
import { takeCut, type Cut } from './cut.ts';
import { MANIFEST, MANIFEST_TYPE, type Manifest, type ManifestFile } from './manifest.ts';
import { splitNotes } from './note.ts';
import { clearLeftovers, removeBackup, retain } from './retention.ts';

export const backupsIn = (home: string): string => join(home, 'backups');

/** Sealed under the master key; copied as they are when they exist. */
const SEALED = ['keys/keys.json', 'secrets.json'] as const;
const SEGMENT = /^([0-9]{16})\.jsonl$/;

/**
 * Backs up the home of the running daemon: the ledger up to a head that is signed now, its checkpoints, the public keys
 * and the sealed files. Never the master key itself. The manifest is written last, so a folder without one is no backup.
 * Not in it: artifacts, logs, snapshots and other caches.
 *
 * @throws BACKUP_DISK_FULL, BACKUP_INCONSISTENT, HOME_INSECURE and what the ledger rejects with
 */
export async function makeBackup(deps: DriverDeps, context: DriverContext): Promise<BackupResult> {
  const { fs, home } = deps;
  const root = backupsIn(home);
  await makeFolder(fs, root);
  await checkPrivateFolder(fs, root);
  await clearLeftovers(deps, root);

  const cut = await takeCut(deps, context.job_id);
  const id = `${iso(cut.at).replaceAll(/[-:.]/g, '')}-${cut.head.size}`;
  const dir = join(root, id);
  try {
    const { manifest, bytes } = await write(deps, context.signal, cut, id, dir);
    const artifact = await deps.artifacts.put(bytes, { mediaType: MANIFEST_TYPE, name: `${id}.json` });
    await retain(deps, root, id);
    return { outputs: outputsOf(manifest, bytes, dir), artifacts: [artifact] };
  } catch (error) {
    if (errno(error) !== 'EEXIST' && !(await isComplete(deps, dir))) {
      await removeBackup(deps, dir).catch((cause: unknown) =>
        deps.note('an unfinished backup could not be removed', { path: dir, cause }),
      );
    }
    if (isNoSpace(error)) throw fail('BACKUP_DISK_FULL', { path: dir }, { cause: error });
    throw error;
  }
}

const isComplete = (deps: DriverDeps, dir: string): Promise<boolean> =>
  deps.fs.lstat(join(dir, MANIFEST)).then(
    () => true,
    () => false,
  );

async function write(
  deps: DriverDeps,
  signal: AbortSignal,
  cut: Cut,
  id: string,
  dir: string,
): Promise<{ manifest: Manifest; bytes: Buffer }> {
  const { fs } = deps;
  for (const folder of [dir, join(dir, 'ledger'), join(dir, 'keys')]) await makeFolder(fs, folder);
  const files = [
    ...(await copySegments(deps, signal, cut, join(dir, 'ledger'))),
    ...(await writeCheckpoints(deps, cut, dir)),
  ];
  const { sealed, unseal } = await copySealed(deps, signal, dir);
  files.push(...sealed);
  const keys = deps.publicKeys().map(({ publicKey, ...key }) => ({ ...key, public_key: publicKey }));
  files.push(await writeFile(deps, dir, 'public-keys.json', Buffer.from(`${canonical(keys)}\n`)));
  for (const folder of ['ledger', 'keys']) await fs.syncDir(join(dir, folder));
  await fs.syncDir(dir);
  signal.throwIfAborted();

  const manifest: Manifest = {
    v: 1,
    kind: 'reeve.home',
    backup_id: id,
    created: deps.clock.now(),
    reeve: deps.version,
    origin: cut.head.origin,
    head: { size: cut.head.size, root: cut.head.root },
    checkpoint: cut.note,
    cut_ms: cut.at,
    last_commit_ms: cut.lastCommit,
    sentinel: cut.sentinel,
    state: cut.state,
    public_keys: keys,
    unseal,
    files,
  };
  const bytes = Buffer.from(`${canonical(manifest)}\n`);
  // Appears under its name only whole, so that being there means that the backup is complete.
  await replaceDurably(fs, join(dir, MANIFEST), bytes);
  return { manifest, bytes };
}

/** Each segment up to the cut. Counting lines, not bytes, stops exactly at the signed head while the log grows on. */
async function copySegments(
  deps: DriverDeps,
  signal: AbortSignal,
  { head }: Cut,
  to: string,
): Promise<ManifestFile[]> {
  const from = join(deps.home, 'ledger');
  const firsts = (await deps.fs.readdir(from))
    .flatMap((name) => SEGMENT.exec(name)?.[1] ?? [])
    .map(Number)
    .filter((first) => first < head.size)
    .sort((a, b) => a - b);
  const files: ManifestFile[] = [];
  for (const [i, first] of firsts.entries()) {
    const name = `${String(first).padStart(16, '0')}.jsonl`;
    const want = Math.min(firsts[i + 1] ?? head.size, head.size) - first;
    const { lines, ...copied } = await copyFile(deps.fs, join(from, name), join(to, name), {
      signal,
      lines: want,
    });
    if (lines !== want) {
      const why = `${name} has ${lines} records where the signed head needs ${want}`;
      throw fail('BACKUP_INCONSISTENT', { why });
    }
    files.push({ path: `ledger/${name}`, ...copied });
  }
  if (firsts[0] !== 0) throw fail('BACKUP_INCONSISTENT', { why: 'its first segment is missing' });
  return files;
}

/** The checkpoint of the cut, and those before it: a later one would claim records that the copy does not have. */
async function writeCheckpoints(deps: DriverDeps, cut: Cut, dir: string): Promise<ManifestFile[]> {
  const history = await readWhole(deps.fs, join(deps.home, 'ledger', 'checkpoints'));
  const earlier = splitNotes(history?.toString('utf8') ?? '').filter(
    ({ head }) => head.size <= cut.head.size,
  );
  const text = earlier.map(({ note }) => `${note}\n`).join('');
  return [
    await writeFile(deps, dir, 'ledger/checkpoint', Buffer.from(cut.note)),
    await writeFile(deps, dir, 'ledger/checkpoints', Buffer.from(text)),
  ];
}

async function writeFile(deps: DriverDeps, dir: string, path: string, data: Buffer): Promise<ManifestFile> {
  await createDurably(deps.fs, join(dir, path), data);
  return { path, size: data.length, sha256: sha256Hex(data) };
}

/**
 * `master.json` holds either the key itself, and then stays where it is, or only the salt for a passphrase, without
 * which the sealed files could never be opened again.
 */
async function copySealed(
  deps: DriverDeps,
  signal: AbortSignal,
  dir: string,
): Promise<{ sealed: ManifestFile[]; unseal: Manifest['unseal'] }> {
  const sealed: ManifestFile[] = [];
  for (const path of SEALED) {
    try {
      const { size, sha256 } = await copyFile(deps.fs, join(deps.home, path), join(dir, path), { signal });
      sealed.push({ path, size, sha256 });
    } catch (error) {
      if (errno(error) !== 'ENOENT') throw error;
    }
  }
  if (sealed.length === 0) return { sealed, unseal: 'nothing_sealed' };
  const master = await readWhole(deps.fs, join(deps.home, 'keys', 'master.json'), 64 * 1024);
  if (master === undefined || kindOf(master) !== 'scrypt') return { sealed, unseal: 'master_key_file' };
  sealed.push(await writeFile(deps, dir, 'keys/master.json', master));
  return { sealed, unseal: 'passphrase' };
}

function kindOf(master: Buffer): unknown {
  try {
    const value: unknown = JSON.parse(master.toString('utf8'));
    const plain = typeof value === 'object' && value !== null;
    return plain && !('key' in value) && 'kind' in value ? value.kind : undefined;
  } catch {
    return undefined;
  }
}

function outputsOf(manifest: Manifest, bytes: Buffer, dir: string): Record<string, string> {
  return {
    backup_id: manifest.backup_id,
    path: dir,
    manifest: `sha256:${sha256Hex(bytes)}`,
    size: String(manifest.head.size),
    root: manifest.head.root,
    files: String(manifest.files.length),
    bytes: String(manifest.files.reduce((sum, file) => sum + file.size, 0)),
    cut_ms: String(manifest.cut_ms),
    last_commit_ms: String(manifest.last_commit_ms),
    sentinel: manifest.sentinel.uuid,
    unseal: manifest.unseal,
  };
}
