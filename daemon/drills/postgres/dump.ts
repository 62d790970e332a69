import { fail } from '../../../contracts/errors.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { shelve } from '../shelve.ts';
import { digestFile } from '../verify/tree.ts';
import type { BackupOptions } from './options.ts';
import { withSource, type Source } from './source.ts';

export const DUMP = '.dump';

/**
 * pg_dump in the custom format. The rows are counted in the very snapshot that pg_dump reads, so that a copy must have
 * exactly as many, however busy the database is.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*, BACKUP_FAILED, BACKUP_DISK_FULL
 */
export const dumpPostgres = (
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> =>
  withSource(deps, options, context, { program: 'pg_dump', ending: DUMP }, (source) =>
    dump(deps, options, context, source),
  );

async function dump(
  deps: DriverDeps,
  { keep }: BackupOptions,
  { job_id, signal }: DriverContext,
  { connection, shelf, server, count, run }: Source,
): Promise<BackupResult> {
  await connection.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const [[snapshot] = []] = await connection.rows('SELECT pg_export_snapshot()');
  const at = deps.clock.now();
  const counts = await count();
  const { id, draft } = await shelf.begin(at);
  try {
    await run(
      [
        '--format=custom',
        '--no-password',
        '--lock-wait-timeout=60s',
        `--snapshot=${snapshot ?? ''}`,
        `--file=${draft}`,
      ],
      draft,
    );
    await connection.rows('COMMIT');
    const file = await digestFile(draft, signal);
    if (file === undefined) throw fail('BACKUP_FAILED', { why: 'the dump is gone', job: job_id });
    const made = { shelf, id, driver: 'postgres', at, counts, file, server: String(server), keep };
    const { outputs, artifacts } = await shelve(deps, made);
    return { outputs: { ...outputs, bytes: String(file.size) }, artifacts };
  } catch (error) {
    await shelf.abandon(draft);
    throw error;
  }
}
