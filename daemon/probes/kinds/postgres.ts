import type { Socket } from 'node:net';
import type { Client, QueryArrayConfig, QueryArrayResult } from 'pg';
import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { unlessAborted } from '../../abort.ts';
import { shownBytes, shownTime } from '../amount.ts';
import { probeKind, type ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { askForTls } from '../starttls.ts';
import { found } from '../target.ts';
import { Host, Port, Trouble, secretOf, secured, sentence, talk, tlsKeys } from '../talk.ts';

const schema = z.strictObject({
  host: Host,
  port: Port.default(5432),
  ...tlsKeys,
  user: z.string().min(1).max(63),
  database: z.string().min(1).max(63).optional(),
  /** Name of the secret that holds the password. */
  password_secret: z.string().min(1).max(128).optional(),
  /** One statement, run in a read-only transaction. */
  query: z.string().min(1).max(10_000).optional(),
  /** What its first row has in the first column, as text; `null` for NULL. */
  expect: z.string().max(1000).optional(),
  role: z.enum(['primary', 'standby']).optional(),
  /** Standbys: replay further behind than this is degraded. */
  max_lag: Duration.optional(),
});
type Options = z.infer<typeof schema>;

/** Longer than any probe waits; ends what a probe left behind in the server. */
const STATEMENT_MS = 60_000;

/** PostgreSQL: a login, and if asked a read-only query, the role, and how far a standby is behind. */
export const postgres = probeKind({
  kind: 'postgres',
  summary: 'Logs in to PostgreSQL, runs a read-only query, looks at role and replication lag.',
  schema,
  example:
    'host: db.internal\nuser: reeve\ndatabase: shop\npassword_secret: shop-db\ntls: true\nquery: SELECT count(*) > 0 FROM orders\nexpect: t',
  check({ query, expect, role, max_lag }) {
    const problems = [];
    if (expect !== undefined && query === undefined) problems.push('expect needs a query');
    if (role === 'primary' && max_lag !== undefined)
      problems.push('max_lag is for standbys; a primary has none');
    return problems;
  },
  open(options, deps) {
    const { host, port } = options;
    return {
      run: (signal) =>
        talk({ host, port, what: `PostgreSQL at ${host}:${port}` }, deps, signal, async ({ socket }) => {
          if (options.tls) await askForTls(socket, 'postgres');
          const stream = options.tls ? await secured(socket, options, deps.root) : socket;
          return unlessAborted(session(stream, options, deps), signal);
        }),
      close: () => undefined,
    };
  },
});

async function session(socket: Socket, options: Options, deps: ProberDeps): Promise<Finding> {
  const { password_secret: secret } = options;
  const password = secret === undefined ? '' : await secretOf(deps, secret);
  const started = deps.clock.monotonic();
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    user: options.user,
    database: options.database ?? options.user,
    // A function: an empty text would make it look into the daemon's environment.
    password: () => password,
    application_name: 'reeve',
    ssl: false,
    stream: () => connected(socket),
  });
  client.on('error', () => undefined);
  try {
    await client.connect();
    const ms = deps.clock.monotonic() - started;
    const finding = await look(client, options, ms);
    await client.end();
    return finding;
  } catch (error) {
    throw inWords(error, options);
  }
}

/** The socket is connected to the judged address already; the library is only told so. */
const connected = (socket: Socket): Socket =>
  Object.assign(socket, {
    connect() {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });

type Rows = QueryArrayResult<(string | null)[]>;

async function look(client: Client, options: Options, ms: number): Promise<Finding> {
  const { query, expect, role, max_lag } = options;
  const ask = (text: string): Promise<Rows> => {
    const config: QueryArrayConfig & { queryMode: 'extended' } = {
      text,
      rowMode: 'array',
      // One statement: what follows a semicolon could leave the transaction.
      queryMode: 'extended',
      types: { getTypeParser: () => (value: string | Buffer) => String(value) },
    };
    return client.query<(string | null)[]>(config);
  };
  await ask('START TRANSACTION READ ONLY');
  await ask(`SET LOCAL statement_timeout = ${STATEMENT_MS}`);
  const figures: Record<string, number> = {};
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why), ms),
    figures,
  });
  if (role !== undefined || max_lag !== undefined) {
    const [standby, connected_, waiting, lag] = (await ask(REPLICATION)).rows[0] ?? [];
    const is = standby === 't' ? 'standby' : 'primary';
    if (role !== undefined && is !== role)
      return finding('down', `PostgreSQL at ${options.host} is a ${is}, not a ${role}`);
    if (is === 'standby') {
      figures['lag_bytes'] = Number(waiting);
      if (lag !== null) figures['lag_ms'] = Math.round(Number(lag));
      if (connected_ === 'f')
        return finding('degraded', 'the standby is not connected to its primary (no WAL receiver runs)');
      if (max_lag !== undefined && lag === null)
        return finding(
          'degraded',
          `the standby has replayed nothing yet, and ${shownBytes(Number(waiting))} wait`,
        );
      if (max_lag !== undefined && Number(lag) > max_lag)
        return finding('degraded', `the standby is ${shownTime(Number(lag))} behind`);
    }
  }
  if (query === undefined) return finding('up', '');
  const { rows } = await ask(query);
  const value = rows[0]?.[0];
  if (expect === undefined) return finding('up', '');
  if (value === undefined) return finding('down', `the query gives no row, not ${expect}`);
  const text = value ?? 'null';
  return text === expect ? finding('up', '') : finding('down', `the query gives ${text}, not ${expect}`);
}

/**
 * Whether it replays, whether it receives, how many bytes wait, and how far replay is behind, ms: nothing when all that was received is
 * replayed, because without writes the newest transaction grows old by itself.
 */
const REPLICATION = `SELECT pg_is_in_recovery(),
  EXISTS (SELECT FROM pg_stat_get_wal_receiver() WHERE pid IS NOT NULL),
  coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), pg_last_wal_replay_lsn()), 0),
  CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000 END`;

/** SQLSTATEs that deserve words of their own (PostgreSQL, appendix A). */
function inWords(error: unknown, { user, host, port, database }: Options): Error {
  const { code, message } = error as { code?: unknown; message: string };
  if (error instanceof Trouble || typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code))
    return error instanceof Error ? error : new Error(String(error));
  const where = `PostgreSQL at ${host}:${port}`;
  switch (code) {
    case '57P03':
      return new Trouble(`${where} takes no connections yet: ${message}`);
    case '53300':
      return new Trouble(`${where} has no connection left: ${message}`, 'degraded');
    case '28P01':
      return new Trouble(`${where} refuses the password of ${user}`);
    case '28000':
      return new Trouble(`${where} does not let ${user} in: ${message}`);
    case '3D000':
      return new Trouble(`there is no database ${database ?? user} in ${where}`);
    case '25006':
      return new Trouble(`the query wants to write, and a probe only reads: ${message}`, 'inconclusive');
    default:
      return new Trouble(`${where}: ${message} (${code})`);
  }
}
