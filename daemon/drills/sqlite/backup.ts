import { lstat } from 'node:fs/promises';
import { fail } from '../../../contracts/errors.ts';
import { errno, isNoSpace } from '../../durable.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { Shelf } from '../shelf.ts';
import { shelve } from '../shelve.ts';
import { digestFile } from '../verify/tree.ts';
import type { BackupOptions } from './options.ts';
import { askProcess, saysFull } from './process.ts';

export const ENDING = '.sqlite';

/** Copies a live SQLite database with SQLite's own backup interface, and records its digest and row counts. */
export async function backupSqlite(
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> {
  const file = absolute(context.root, options.file);
  const failed = (why: string): Error => fail('BACKUP_FAILED', { why, job: context.job_id });
  const stat = await lstat(file).catch((error: unknown) => {
    // SQLite would make an empty one.
    throw failed(`${file} cannot be read (${errno(error)})`);
  });
  if (!stat.isFile()) throw failed(`${file} is no file`);
  const shelf = new Shelf(deps, 'sqlite', absolute(context.root, options.to), ENDING);
  const at = deps.clock.now();
  const { id, draft } = await shelf.begin(at);
  try {
    const { counts = {} } = await askProcess(deps, context, { do: 'backup', file, to: draft }, (why) =>
      saysFull(why) ? fail('BACKUP_DISK_FULL', { path: draft }) : failed(`SQLite: ${why}`),
    );
    const digest = await digestFile(draft, context.signal);
    if (digest === undefined) throw failed('the copy is gone');
    const { keep } = options;
    const made = await shelve(deps, { shelf, id, driver: 'sqlite', at, counts, file: digest, keep });
    return { ...made, outputs: { ...made.outputs, bytes: String(digest.size) } };
  } catch (error) {
    await shelf.abandon(draft);
    if (isNoSpace(error)) throw fail('BACKUP_DISK_FULL', { path: draft }, { cause: error });
    throw error;
  }
}
