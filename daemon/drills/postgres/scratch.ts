import { randomBytes } from 'node:crypto';
import { fail } from '../../../contracts/errors.ts';
import type { Leftover } from '../leftovers.ts';
import { connect, identifier, type Address, type Connection } from './connect.ts';

const SYNTAX_ERROR = '42601';
const NAME = /^[a-z][a-z0-9_]{3,62}$/;

/** The name of a new scratch database. @throws DATABASE_REFUSED when the wanted one is not certainly a scratch name */
export function scratchName(
  { prefix, target }: { prefix: string; target?: string | undefined },
  live: Address,
  server: Address,
): string {
  const database = target ?? prefix + randomBytes(6).toString('hex');
  const refuse = (why: string): Error => fail('DATABASE_REFUSED', { database, why });
  if (database === live.database) throw refuse('it is the live database');
  if (database === server.database) throw refuse(`the secret ${server.secret} itself names it`);
  if (live.database.startsWith(prefix))
    throw refuse(`the name of the live database begins with ${prefix}, too`);
  if (!database.startsWith(prefix) || !NAME.test(database) || database === prefix)
    throw refuse(`its name does not begin with ${prefix}`);
  return database;
}

/** @throws DATABASE_REFUSED when there is a database of that name */
export async function mustBeNew(admin: Connection, database: string): Promise<void> {
  if (await exists(admin, database)) throw fail('DATABASE_REFUSED', { database, why: 'it exists already' });
}

/** Makes the database, empty; the server itself refuses a name that is taken. @throws DATABASE_REFUSED */
export async function createScratch(admin: Connection, database: string): Promise<void> {
  try {
    await admin.rows(`CREATE DATABASE ${identifier(database)} TEMPLATE template0`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw fail(
      'DATABASE_REFUSED',
      { database, why: `the server does not make it: ${why}` },
      { cause: error },
    );
  }
}

/** A connection that has said of itself that it is to the scratch database. @throws DATABASE_REFUSED */
export async function connectScratch(
  server: Address,
  database: string,
  options: { statementTimeoutMs: number; readOnly?: boolean; signal?: AbortSignal },
): Promise<Connection> {
  const connection = await connect(server, { ...options, database });
  const [[name] = []] = await connection.rows('SELECT current_database()').catch(() => [[null]]);
  if (name === database) return connection;
  await connection.close();
  throw fail('DATABASE_REFUSED', {
    database,
    why: `the connection is to ${name ?? 'something unknown'} instead`,
  });
}

/** Ends every session in it and removes it. */
export async function dropScratch(admin: Connection, database: string): Promise<void> {
  const drop = `DROP DATABASE IF EXISTS ${identifier(database)}`;
  await admin.rows(`${drop} WITH (FORCE)`).catch(async (error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === SYNTAX_ERROR)) throw error;
    // Before version 13.
    await admin.rows('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1', [database]);
    await admin.rows(drop);
  });
}

/** Removes a scratch database of an earlier run, once it is certain that it is one. */
export async function sweepDatabase(
  { database, prefix, live }: Extract<Leftover, { kind: 'database' }>,
  server: Address,
): Promise<'removed' | 'gone' | 'not ours'> {
  const ours = database.startsWith(prefix) && database.length > prefix.length && NAME.test(database);
  if (!ours || database === live || database === server.database || live.startsWith(prefix))
    return 'not ours';
  const admin = await connect(server, { statementTimeoutMs: 60_000 });
  try {
    if (!(await exists(admin, database))) return 'gone';
    await dropScratch(admin, database);
    return 'removed';
  } finally {
    await admin.close();
  }
}

async function exists(admin: Connection, database: string): Promise<boolean> {
  return (await admin.rows('SELECT 1 FROM pg_database WHERE datname = $1', [database])).length > 0;
}
