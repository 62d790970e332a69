import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import type { BackupResult, DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { lastWords, runProgram, saysNoSpace } from '../programs.ts';
import { Shelf } from '../shelf.ts';
import { storeCheckpoint } from '../verify/checkpoint.ts';
import { digestFile, filesBelow } from '../verify/tree.ts';
import { addressOf, connect, environmentOf, serverMajor, type Connection } from './connect.ts';
import { countRows } from './copy.ts';
import { MANIFEST } from './manifest.ts';
import type { BackupOptions } from './options.ts';
import { packageOf, programMajor } from './programs.ts';

export const BASE = '.base';

/**
 * pg_basebackup with the WAL it needs. A table's rows are recorded when they were the same before and after: the moment that
 * the copy will show lies between.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*, BACKUP_FAILED, BACKUP_DISK_FULL
 */
export async function baseBackup(
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
): Promise<BackupResult> {
  const { signal, job_id } = context;
  const address = addressOf(options.database, await context.secret(options.database));
  const bin = options.bin === undefined ? undefined : absolute(context.root, options.bin);
  const shelf = new Shelf(deps, 'postgres', absolute(context.root, options.to), BASE);
  const found = await programMajor(deps, context, 'pg_basebackup', bin);
  const connection = await connect(address, {
    statementTimeoutMs: options.statement_timeout,
    readOnly: true,
    signal,
  });
  try {
    const server = await serverMajor(connection);
    if (found < server)
      throw fail('PROGRAM_VERSION', { program: 'pg_basebackup', found, needed: `${server} (the server's)` });
    const before = await count(connection, options, job_id);
    const at = deps.clock.now();
    const { id, draft } = await shelf.begin(at);
    try {
      const ran = await runProgram(deps, context, {
        program: 'pg_basebackup',
        args: [
          `--pgdata=${draft}`,
          '--format=plain',
          '--wal-method=stream',
          '--checkpoint=fast',
          '--manifest-checksums=SHA256',
          '--no-password',
          `--label=reeve ${id}`,
        ],
        env: environmentOf(address),
        bin,
        package: packageOf('pg_basebackup'),
      });
      if (ran.code !== 0)
        throw saysNoSpace(ran)
          ? fail('BACKUP_DISK_FULL', { path: draft })
          : fail('BACKUP_FAILED', { why: `pg_basebackup: ${lastWords(ran)}`, job: job_id });
      const counts = same(before, await count(connection, options, job_id));
      const digest = await digestFile(join(draft, MANIFEST), signal);
      if (digest === undefined) throw fail('BACKUP_FAILED', { why: `it has no ${MANIFEST}`, job: job_id });
      const { size, sha256 } = digest;
      const checkpoint = await storeCheckpoint(deps, {
        v: 1,
        kind: 'reeve.checkpoint',
        driver: 'postgres',
        at,
        ...(counts === undefined ? {} : { counts }),
        file: { size, sha256 },
        server: String(server),
      });
      const path = await shelf.complete(id, checkpoint, options.keep);
      return {
        outputs: {
          backup_id: id,
          path,
          checkpoint: checkpoint.digest,
          manifest: checkpoint.digest,
          files: String((await filesBelow([path], signal)).length),
          tables: String(Object.keys(counts ?? {}).length),
          cut_ms: String(at),
        },
        artifacts: [checkpoint.ref],
      };
    } catch (error) {
      await shelf.abandon(draft);
      throw error;
    }
  } finally {
    await connection.close();
  }
}

type Counts = Record<string, number> | undefined;

const count = (connection: Connection, { counts }: BackupOptions, job: string): Promise<Counts> =>
  countRows(connection, counts).catch((cause: unknown) => {
    const why = `its rows cannot be counted: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw fail('BACKUP_FAILED', { why, job }, { cause });
  });

function same(before: Counts, after: Counts): Counts {
  if (before === undefined || after === undefined) return undefined;
  return Object.fromEntries(Object.entries(before).filter(([table, rows]) => after[table] === rows));
}
