import type { Client as PgClient, ClientConfig, QueryArrayConfig } from 'pg';
import { Socket } from 'node:net';
import { fail } from '../../../contracts/errors.ts';

/** Where a database is, from the URL that a secret holds. */
export interface Address {
  secret: string;
  host: string;
  port: number;
  user: string;
  password: string;
  database: string;
  sslmode: string | undefined;
}

/** @throws DATABASE_UNREACHABLE, never with any part of the URL */
export function addressOf(secret: string, url: string): Address {
  const wrong = (why: string): Error => fail('DATABASE_UNREACHABLE', { secret, why });
  if (!URL.canParse(url)) throw wrong('its value is no URL');
  const parsed = new URL(url);
  if (parsed.protocol !== 'postgres:' && parsed.protocol !== 'postgresql:')
    throw wrong('its value does not begin with postgres://');
  let decoded: string[];
  try {
    decoded = [parsed.username, parsed.password, parsed.pathname.slice(1)].map(decodeURIComponent);
  } catch {
    throw wrong('its value has a % that stands for nothing');
  }
  const [user = '', password = '', database = ''] = decoded;
  if (user === '' || database === '') throw wrong('its URL lacks the user or the database');
  // A socket's folder stands in the query, as libpq has it.
  const host = parsed.searchParams.get('host') ?? parsed.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(parsed.searchParams.get('port') ?? (parsed.port || 5432));
  return {
    secret,
    host: host || 'localhost',
    port,
    user,
    password,
    database,
    sslmode: parsed.searchParams.get('sslmode') ?? undefined,
  };
}

/** For PostgreSQL's programs: nothing of it is an argument, which everybody on the machine could read. */
export function environmentOf(address: Address, database = address.database): Record<string, string> {
  return {
    PGHOST: address.host,
    PGPORT: String(address.port),
    PGUSER: address.user,
    PGDATABASE: database,
    PGCONNECT_TIMEOUT: '10',
    PGAPPNAME: 'reeve',
    ...(address.password === '' ? {} : { PGPASSWORD: address.password }),
    ...(address.sslmode === undefined ? {} : { PGSSLMODE: address.sslmode }),
  };
}

/** The same as a URL, for a service that is started on the copy. */
export function urlOf({ host, port, user, password, sslmode }: Address, database: string): string {
  const query = new URLSearchParams({
    host,
    port: String(port),
    ...(sslmode === undefined ? {} : { sslmode }),
  });
  const who = encodeURIComponent(user) + (password === '' ? '' : `:${encodeURIComponent(password)}`);
  return `postgres://${who}@/${encodeURIComponent(database)}?${query.toString()}`;
}

export interface Connection {
  /** Rows of raw text values. One statement only. */
  rows(sql: string, values?: readonly string[]): Promise<(string | null)[][]>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  database?: string;
  statementTimeoutMs: number;
  readOnly?: boolean;
  signal?: AbortSignal;
}

/** @throws DATABASE_UNREACHABLE */
export async function connect(address: Address, options: ConnectOptions): Promise<Connection> {
  const { Client } = (await import('pg')).default;
  const { sslmode, host, port, user, password, database } = address;
  const settings = [`-c statement_timeout=${options.statementTimeoutMs}`, '-c lock_timeout=30000'];
  if (options.readOnly === true) settings.push('-c default_transaction_read_only=on');
  const socket = new Socket();
  const config: ClientConfig = {
    stream: () => socket,
    host,
    port,
    user,
    password,
    database: options.database ?? database,
    options: settings.join(' '),
    application_name: 'reeve',
    connectionTimeoutMillis: 10_000,
    // Text as the server wrote it: counts and times beyond 2^53 stay what they are.
    types: { getTypeParser: () => (value: string) => value },
    ssl:
      sslmode === undefined || sslmode === 'disable' || sslmode === 'prefer' || sslmode === 'allow'
        ? false
        : { rejectUnauthorized: sslmode.startsWith('verify') },
  };
  const client: PgClient = new Client(config);
  // A server that goes away is told by the next query, not by an event that nobody hears.
  client.on('error', () => {});
  // `end` would wait for the server; this makes whatever is under way fail now.
  const stop = (): void => void socket.destroy();
  options.signal?.addEventListener('abort', stop, { once: true });
  const close = async (): Promise<void> => {
    options.signal?.removeEventListener('abort', stop);
    await client.end().catch(() => undefined);
  };
  try {
    options.signal?.throwIfAborted();
    await client.connect();
  } catch (error) {
    await close();
    options.signal?.throwIfAborted();
    const why = error instanceof Error ? error.message || String(error) : String(error);
    throw fail('DATABASE_UNREACHABLE', { secret: address.secret, why }, { cause: error });
  }
  return {
    async rows(sql, values = []) {
      const query: QueryArrayConfig & { queryMode: 'extended' } = {
        text: sql,
        values: [...values],
        rowMode: 'array',
        // The simple protocol would run several statements at once.
        queryMode: 'extended',
      };
      return (await client.query<(string | null)[]>(query)).rows;
    },
    close,
  };
}

export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** `schema.table` or `table`, quoted as names. */
export const tableName = (name: string): string => name.split('.').map(identifier).join('.');

/** Major version of the server, from `server_version_num`. */
export async function serverMajor(connection: Connection): Promise<number> {
  const [[text] = []] = await connection.rows('SHOW server_version_num');
  return Math.floor(Number(text) / 10_000);
}
