import { fail } from '../../../contracts/errors.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { lastWords, runProgram, saysNoSpace } from '../programs.ts';
import { Shelf } from '../shelf.ts';
import { storeCheckpoint } from '../verify/checkpoint.ts';
import { digestFile } from '../verify/tree.ts';
import { addressOf, connect, environmentOf, serverMajor, type Address, type Connection } from './connect.ts';
import { countRows } from './copy.ts';
import type { BackupOptions } from './options.ts';
import { packageOf, programMajor } from './programs.ts';

export const DUMP = '.dump';

/**
 * pg_dump in the custom format. The rows are counted in the very snapshot that pg_dump reads, so that a copy must have
 * exactly as many, however busy the database is.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*, BACKUP_FAILED, BACKUP_DISK_FULL
 */
export async function dumpPostgres(
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> {
  const address = addressOf(options.database, await context.secret(options.database));
  const bin = options.bin === undefined ? undefined : absolute(context.root, options.bin);
  const shelf = new Shelf(deps, 'postgres', absolute(context.root, options.to), DUMP);
  const found = await programMajor(deps, context, 'pg_dump', bin);
  const { signal } = context;
  const connection = await connect(address, {
    statementTimeoutMs: options.statement_timeout,
    readOnly: true,
    signal,
  });
  try {
    const server = await serverMajor(connection);
    if (found < server)
      throw fail('PROGRAM_VERSION', {
        program: 'pg_dump',
        found,
        needed: `${server} or later (the server's)`,
      });
    return await dump(deps, options, context, { address, connection, shelf, server, bin });
  } finally {
    await connection.close();
  }
}

interface Source {
  address: Address;
  connection: Connection;
  shelf: Shelf;
  /** Major version. */
  server: number;
  bin: string | undefined;
}

async function dump(
  deps: DriverDeps,
  { counts: which, keep }: BackupOptions,
  context: DriverContext,
  on: Source,
): Promise<BackupResult> {
  const { job_id, signal } = context;
  await on.connection.rows('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  const [[snapshot] = []] = await on.connection.rows('SELECT pg_export_snapshot()');
  const at = deps.clock.now();
  const counts = await countRows(on.connection, which).catch((cause: unknown) => {
    const why = `its rows cannot be counted: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw fail('BACKUP_FAILED', { why, job: job_id }, { cause });
  });
  const { id, draft } = await on.shelf.begin(at);
  try {
    const ran = await runProgram(deps, context, {
      program: 'pg_dump',
      args: [
        '--format=custom',
        '--no-password',
        '--lock-wait-timeout=60s',
        `--snapshot=${snapshot ?? ''}`,
        `--file=${draft}`,
      ],
      env: environmentOf(on.address),
      bin: on.bin,
      package: packageOf('pg_dump'),
    });
    if (ran.code !== 0)
      throw saysNoSpace(ran)
        ? fail('BACKUP_DISK_FULL', { path: draft })
        : fail('BACKUP_FAILED', { why: `pg_dump: ${lastWords(ran)}`, job: job_id });
    await on.connection.rows('COMMIT');
    const digest = await digestFile(draft, signal);
    if (digest === undefined) throw fail('BACKUP_FAILED', { why: 'the dump is gone', job: job_id });
    const { size, sha256 } = digest;
    const checkpoint = await storeCheckpoint(deps, {
      v: 1,
      kind: 'reeve.checkpoint',
      driver: 'postgres',
      at,
      ...(counts === undefined ? {} : { counts }),
      file: { size, sha256 },
      server: String(on.server),
    });
    const path = await on.shelf.complete(id, checkpoint, keep);
    return {
      outputs: {
        backup_id: id,
        path,
        checkpoint: checkpoint.digest,
        manifest: checkpoint.digest,
        bytes: String(size),
        tables: String(Object.keys(counts ?? {}).length),
        cut_ms: String(at),
      },
      artifacts: [checkpoint.ref],
    };
  } catch (error) {
    await on.shelf.abandon(draft);
    throw error;
  }
}
