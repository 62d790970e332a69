import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { controlOutput } from '../control.ts';
import type { DriverContext, DriverDeps, RestoreResult } from '../driver.ts';
import { fetchFile, fileControl } from '../fetch.ts';
import { absolute } from '../options.ts';
import { Phases } from '../phases.ts';
import { lastWords, runProgram, saysNoSpace } from '../programs.ts';
import { disaster } from '../recovery-point.ts';
import { Shelf, type Shelved } from '../shelf.ts';
import { inTarget } from '../target.ts';
import { ask, resultOf } from './ask.ts';
import { addressOf, connect, environmentOf, serverMajor, type Address, type Connection } from './connect.ts';
import { DUMP } from './dump.ts';
import type { RestoreOptions } from './options.ts';
import { packageOf, programMajor } from './programs.ts';
import { connectScratch, createScratch, dropScratch, mustBeNew, scratchName } from './scratch.ts';

/**
 * Restores a dump into a new database with a random name, and asks it there. The live database is known by its URL and is
 * never connected to. The scratch database and folder are gone when this settles, whichever way; what a crash leaves is
 * removed at the next start, by the record that is made before.
 *
 * @throws DATABASE_*, PROGRAM_*, BACKUP_NOT_FOUND, BACKUP_CORRUPT, RESTORE_*, SENTINEL_MISSING, DRILL_WORTHLESS …
 */
export async function restoreDump(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
): Promise<RestoreResult> {
  const live = addressOf(options.live, await context.secret(options.live));
  const server =
    options.server === undefined ? live : addressOf(options.server, await context.secret(options.server));
  const database = scratchName(options, live, server);
  const shelf = new Shelf(deps, 'postgres', absolute(context.root, options.from), DUMP);
  const bin = options.bin === undefined ? undefined : absolute(context.root, options.bin);
  const tool = await programMajor(deps, context, 'pg_restore', bin);
  return inTarget(deps, context, { avoid: [shelf.dir] }, async (target) => {
    const admin = await connect(adminOf(server), { statementTimeoutMs: options.statement_timeout });
    try {
      const major = await serverMajor(admin);
      const place: Place = { server, database, live, shelf, target, bin, tool, major };
      return await inScratch(deps, options, context, admin, place);
    } finally {
      await admin.close();
    }
  });
}

interface Place {
  server: Address;
  database: string;
  live: Address;
  shelf: Shelf;
  target: string;
  bin: string | undefined;
  /** Major versions of pg_restore and of the server. */
  tool: number;
  major: number;
}

/** Databases are made from the maintenance database, so that this connection is to no one's data. */
const adminOf = (server: Address): Address => ({ ...server, database: 'postgres' });

async function inScratch(
  deps: DriverDeps,
  options: RestoreOptions,
  context: DriverContext,
  admin: Connection,
  place: Place,
): Promise<RestoreResult> {
  const { database, server, live, target } = place;
  const cut = await disaster(deps, context, 'postgres', options.sentinel);
  const phases = new Phases(deps.clock, context.signal);
  const backup = await phases.run('fetch', async () => {
    const found = await place.shelf.find(options.backup, options.checkpoint);
    fits(found, place);
    await fetchFile(deps, context, found, join(target, 'dump'));
    return found;
  });
  // Before it is written down as ours: what stands there is not to be removed after a crash.
  await mustBeNew(admin, database);
  let made = false;
  const forget = await deps.leftovers.note({
    kind: 'database',
    server: server.secret,
    database,
    prefix: options.prefix,
    live: live.database,
  });
  try {
    await phases.run('restore', async () => {
      await createScratch(admin, database);
      made = true;
      // Nothing is written before the server has said where that would be.
      await (await connectScratch(server, database, limits(options))).close();
      await pgRestore(deps, context, place);
    });
    const open = (readOnly: boolean): Promise<Connection> =>
      connectScratch(server, database, { ...limits(options), readOnly, signal: context.signal });
    const asked = await ask(deps, options, context, {
      open,
      address: server,
      database,
      target,
      backup,
      cut,
      phases,
    });
    const controls = [await fileControl(deps, context, backup, target), asked.control];
    const service = await asked.boot();
    return resultOf(
      backup,
      { ...asked.outputs, ...service, control: controlOutput(controls), scratch: database },
      asked.point,
      phases,
    );
  } finally {
    // One that was there before is not ours to remove.
    if (made) await dropScratch(admin, database);
    await forget();
  }
}

const limits = (options: RestoreOptions) => ({ statementTimeoutMs: options.statement_timeout });

/** A dump goes into servers of its version or later ones. */
function fits({ checkpoint }: Shelved, { major }: Place): void {
  const needed = Number(checkpoint.server ?? 0);
  if (major < needed)
    throw fail('PROGRAM_VERSION', {
      program: 'the scratch server',
      found: major,
      needed: `${needed} or later`,
    });
}

async function pgRestore(
  deps: DriverDeps,
  context: DriverContext,
  { server, database, target, bin, tool }: Place,
): Promise<void> {
  const ran = await runProgram(deps, context, {
    program: 'pg_restore',
    args: [
      '--exit-on-error',
      '--no-owner',
      '--no-privileges',
      // A copy that subscribes or publishes would take part in the live system.
      '--no-subscriptions',
      '--no-publications',
      '--no-password',
      `--dbname=${database}`,
      join(target, 'dump'),
    ],
    env: environmentOf(server, database),
    bin,
    package: packageOf('pg_restore'),
  });
  if (ran.code === 0) return;
  if (saysNoSpace(ran)) throw fail('RESTORE_DISK_FULL', { path: `the database ${database}` });
  if (/unsupported version .* in file header/.test(ran.stderr))
    throw fail('PROGRAM_VERSION', {
      program: 'pg_restore',
      found: tool,
      needed: 'that of the pg_dump, or a later one,',
    });
  throw fail('RESTORE_FAILED', { why: `pg_restore: ${lastWords(ran)}`, job: context.job_id });
}
