import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { canonical } from '../../canonical.ts';
import { sha256Hex } from '../../digest.ts';
import { errno, makeFolder, readWhole } from '../../durable.ts';
import type { DriverDeps } from '../driver.ts';
import { backupsIn } from './backup.ts';
import { copyFile } from './copy.ts';
import { MANIFEST, Manifest } from './manifest.ts';
import { readNote } from './note.ts';
import type { RestoreOptions } from './options.ts';
import { listBackups } from './retention.ts';

export interface Fetched {
  manifest: Manifest;
  /** `sha256:` of the manifest's bytes. */
  digest: string;
}

/**
 * Finds the backup, reads its manifest and brings every file into `into`, each checked against its digest on the way.
 *
 * @throws BACKUP_NOT_FOUND, BACKUP_CORRUPT
 */
export async function fetchBackup(
  deps: DriverDeps,
  options: RestoreOptions,
  into: string,
  signal: AbortSignal,
): Promise<Fetched> {
  const root = backupsIn(deps.home);
  const complete = (await listBackups(deps, root)).filter((backup) => backup.complete).map(({ id }) => id);
  const id = options.backup === 'latest' ? complete.at(-1) : complete.find((name) => name === options.backup);
  if (id === undefined) throw fail('BACKUP_NOT_FOUND', { id: options.backup, dir: root });
  const from = join(root, id);
  const corrupt = (why: string, cause?: unknown): Error => fail('BACKUP_CORRUPT', { id, why }, { cause });

  const { manifest, digest } = await readManifest(deps, from, id, options.manifest, corrupt);
  const folders = new Set(
    manifest.files.map(({ path }) => path.slice(0, Math.max(0, path.lastIndexOf('/')))),
  );
  await makeFolder(deps.fs, into);
  for (const folder of folders) if (folder !== '') await makeFolder(deps.fs, join(into, folder));
  for (const file of manifest.files) {
    const copied = await copyFile(deps.fs, join(from, file.path), join(into, file.path), { signal }).catch(
      (cause: unknown) => {
        if (errno(cause) === 'ENOENT') throw corrupt(`${file.path} is missing`, cause);
        throw cause;
      },
    );
    if (copied.size !== file.size)
      throw corrupt(`${file.path} has ${copied.size} bytes instead of ${file.size}`);
    if (copied.sha256 !== file.sha256) throw corrupt(`${file.path} has the digest ${copied.sha256}`);
  }
  return { manifest, digest };
}

async function readManifest(
  deps: DriverDeps,
  from: string,
  id: string,
  expected: string | undefined,
  corrupt: (why: string, cause?: unknown) => Error,
): Promise<Fetched> {
  const bytes = await readWhole(deps.fs, join(from, MANIFEST));
  if (bytes === undefined) throw corrupt('its manifest is missing');
  const digest = `sha256:${sha256Hex(bytes)}`;
  if (expected !== undefined && digest !== expected)
    throw corrupt(`its manifest has the digest ${digest} where ${expected} was recorded`);
  let manifest: Manifest;
  try {
    manifest = Manifest.parse(JSON.parse(bytes.toString('utf8')));
  } catch (cause) {
    throw corrupt('its manifest cannot be read', cause);
  }
  const head = readNote(manifest.checkpoint);
  if (manifest.backup_id !== id) throw corrupt(`its manifest is that of ${manifest.backup_id}`);
  if (canonical(head) !== canonical({ origin: manifest.origin, ...manifest.head }))
    throw corrupt('its manifest names another head than its signed checkpoint');
  return { manifest, digest };
}
