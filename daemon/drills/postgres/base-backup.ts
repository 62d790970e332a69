import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { shelve } from '../shelve.ts';
import { digestFile, filesBelow } from '../verify/tree.ts';
import { MANIFEST } from './manifest.ts';
import type { BackupOptions } from './options.ts';
import { withSource, type Counts, type Source } from './source.ts';
import { pruneWal } from './wal.ts';

export const BASE = '.base';

/**
 * pg_basebackup with the WAL it needs. A table's rows are recorded when they were the same before and after: the moment that
 * the copy will show lies between. Then archived WAL that no kept backup needs is removed, where `wal` names it.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*, BACKUP_FAILED, BACKUP_DISK_FULL, WAL_NOT_PRUNED
 */
export const baseBackup = (
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> =>
  withSource(deps, options, context, { program: 'pg_basebackup', ending: BASE }, async (source) => {
    const { outputs, artifacts } = await take(deps, options, context, source);
    if (options.wal === undefined) return { outputs, artifacts };
    const pruned = await pruneWal(deps, source.shelf, absolute(context.root, options.wal));
    return { outputs: { ...outputs, wal_removed: String(pruned) }, artifacts };
  });

async function take(
  deps: DriverDeps,
  { keep }: BackupOptions,
  { job_id, signal }: DriverContext,
  { shelf, server, count, run }: Source,
): Promise<BackupResult> {
  const before = await count();
  const at = deps.clock.now();
  const { id, draft } = await shelf.begin(at);
  try {
    await run(
      [
        `--pgdata=${draft}`,
        '--format=plain',
        '--wal-method=stream',
        '--checkpoint=fast',
        '--manifest-checksums=SHA256',
        '--no-password',
        `--label=reeve ${id}`,
      ],
      draft,
    );
    const counts = same(before, await count());
    const file = await digestFile(join(draft, MANIFEST), signal);
    if (file === undefined) throw fail('BACKUP_FAILED', { why: `it has no ${MANIFEST}`, job: job_id });
    const made = { shelf, id, driver: 'postgres', at, counts, file, server: String(server), keep };
    const { outputs, artifacts } = await shelve(deps, made);
    const files = String((await filesBelow([outputs['path'] ?? ''], signal)).length);
    return { outputs: { ...outputs, files }, artifacts };
  } catch (error) {
    await shelf.abandon(draft);
    throw error;
  }
}

function same(before: Counts, after: Counts): Counts {
  if (before === undefined || after === undefined) return undefined;
  return Object.fromEntries(Object.entries(before).filter(([table, rows]) => after[table] === rows));
}
