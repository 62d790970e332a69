import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import type { DriverDeps } from '../driver.ts';
import type { Shelf } from '../shelf.ts';

/** Name of the first WAL segment that a base backup in this folder needs. @throws BACKUP_CORRUPT */
export async function firstWal(data: string, id: string): Promise<string> {
  const label = await readFile(join(data, 'backup_label'), 'utf8').catch(() => '');
  const first = /^START WAL LOCATION: .* \(file ([0-9A-F]{24})\)$/m.exec(label)?.[1];
  if (first === undefined) throw fail('BACKUP_CORRUPT', { id, why: 'its backup_label names no WAL' });
  return first;
}

/** A segment, perhaps compressed or only partly filled, or the note that a base backup leaves in the archive. */
const ARCHIVED = /^[0-9A-F]{24}(?:\.[0-9A-F]{8}\.backup)?(?:\.partial)?(?:\.(?:gz|zst|lz4|bz2|xz))?$/;

/**
 * Removes archived WAL that lies before the oldest base backup on the shelf, of whatever timeline, as pg_archivecleanup does.
 * Nothing else in the folder is touched, and nothing at all when one of the backups does not say what it needs.
 *
 * @returns how many files
 * @throws WAL_NOT_PRUNED
 */
export async function pruneWal(
  deps: Pick<DriverDeps, 'note'>,
  shelf: Pick<Shelf, 'all'>,
  folder: string,
): Promise<number> {
  const backups = await shelf.all();
  const newest = backups.at(-1)?.id ?? '';
  try {
    const needed = await Promise.all(
      backups.map(async ({ path, id }) => (await firstWal(path, id)).slice(8)),
    );
    const oldest = needed.toSorted()[0];
    if (oldest === undefined) return 0;
    const old = (await readdir(folder)).filter((name) => ARCHIVED.test(name) && name.slice(8, 24) < oldest);
    for (const name of old) await rm(join(folder, name), { force: true });
    if (old.length > 0) deps.note('removed archived WAL that no backup needs', { folder, files: old.length });
    return old.length;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw fail('WAL_NOT_PRUNED', { id: newest, why }, { cause: error });
  }
}
