import { fail } from '../../../contracts/errors.ts';
import type { DriverContext, DriverDeps } from '../driver.ts';
import { absolute } from '../options.ts';
import { lastWords, runProgram, saysNoSpace } from '../programs.ts';
import { Shelf } from '../shelf.ts';
import { addressOf, connect, environmentOf, serverMajor, type Connection } from './connect.ts';
import { countRows } from './copy.ts';
import type { BackupOptions } from './options.ts';
import { packageOf, programMajor } from './programs.ts';

export type Counts = Record<string, number> | undefined;

/** A live server that a program of PostgreSQL is about to read, and where its backup goes. */
export interface Source {
  shelf: Shelf;
  connection: Connection;
  /** Major version. */
  server: number;
  /** Rows of the tables that were asked for, as this connection sees them now. */
  count(): Promise<Counts>;
  /** Runs the program, which writes to `draft`, to its good end. */
  run(args: readonly string[], draft: string): Promise<void>;
}

/**
 * Opens the server for the length of one backup, read-only.
 *
 * @throws DATABASE_UNREACHABLE, PROGRAM_*; `count` and `run`: BACKUP_FAILED, BACKUP_DISK_FULL
 */
export async function withSource<T>(
  deps: DriverDeps,
  options: BackupOptions,
  context: DriverContext,
  { program, ending }: { program: string; ending: string },
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const { job_id, root, signal } = context;
  const address = addressOf(options.database, await context.secret(options.database));
  const bin = options.bin === undefined ? undefined : absolute(root, options.bin);
  const shelf = new Shelf(deps, 'postgres', absolute(root, options.to), ending);
  const found = await programMajor(deps, context, program, bin);
  const connection = await connect(address, {
    statementTimeoutMs: options.statement_timeout,
    readOnly: true,
    signal,
  });
  const failed = (why: string, cause?: unknown): Error =>
    fail('BACKUP_FAILED', { why, job: job_id }, { cause });
  try {
    const server = await serverMajor(connection);
    if (found < server)
      throw fail('PROGRAM_VERSION', { program, found, needed: `${server} or later (the server's)` });
    return await work({
      shelf,
      connection,
      server,
      count: () =>
        countRows(connection, options.counts).catch((cause: unknown) => {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw failed(`its rows cannot be counted: ${why}`, cause);
        }),
      async run(args, draft) {
        const what = { program, args, env: environmentOf(address), bin, package: packageOf(program) };
        const ran = await runProgram(deps, context, what);
        if (ran.code === 0) return;
        if (saysNoSpace(ran)) throw fail('BACKUP_DISK_FULL', { path: draft });
        throw failed(`${program}: ${lastWords(ran)}`);
      },
    });
  } finally {
    await connection.close();
  }
}
