import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { shownTime } from '../amount.ts';
import { probeKind, type ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { Reader } from '../reader.ts';
import { found } from '../target.ts';
import { Host, Port, Trouble, secretOf, secured, sentence, talk, tlsKeys } from '../talk.ts';

const schema = z.strictObject({
  host: Host,
  port: Port.default(6379),
  ...tlsKeys,
  username: z.string().min(1).max(200).optional(),
  /** Name of the secret that holds the password. */
  password_secret: z.string().min(1).max(128).optional(),
  /** What it must be. */
  role: z.enum(['master', 'replica']).optional(),
  /** Replicas: no word from the master for longer is degraded, and so is a broken link. */
  max_lag: Duration.optional(),
});
type Options = z.infer<typeof schema>;

/** Redis, and what speaks its protocol (Valkey, KeyDB …): PING, and the state of replication. */
export const redis = probeKind({
  kind: 'redis',
  summary: 'Logs in to Redis (or Valkey), sends PING, and looks at its role and replication.',
  schema,
  example: 'host: cache.internal\nport: 6379\npassword_secret: cache-password\nrole: master',
  check: ({ role, max_lag }) =>
    role === 'master' && max_lag !== undefined ? ['max_lag is for replicas; a master has none'] : [],
  open(options, deps) {
    const { host, port } = options;
    return {
      run: (signal) =>
        talk({ host, port, what: `redis at ${host}:${port}` }, deps, signal, async ({ socket }) => {
          const stream = options.tls ? await secured(socket, options, deps.root) : socket;
          return look(new Client(stream, new Reader(stream)), options, deps);
        }),
      close: () => undefined,
    };
  },
});

async function look(client: Client, options: Options, deps: ProberDeps): Promise<Finding> {
  const { host, port, username, password_secret: secret } = options;
  if (secret !== undefined) {
    const password = await secretOf(deps, secret);
    await client.ask('AUTH', ...(username === undefined ? [] : [username]), password);
  }
  const started = deps.clock.monotonic();
  const answer = await client.ask('PING');
  const ms = deps.clock.monotonic() - started;
  if (answer !== 'PONG') throw new Trouble(`redis at ${host}:${port} answers PING with "${answer}"`);
  if (options.role === undefined && options.max_lag === undefined) return found('up', '', ms);
  return replication(fields(await client.ask('INFO', 'replication')), options, ms);
}

function replication(info: Map<string, string>, { host, port, role, max_lag }: Options, ms: number): Finding {
  const is = info.get('role') === 'slave' ? 'replica' : (info.get('role') ?? 'unknown');
  const figures: Record<string, number> = {};
  const finding = (verdict: Finding['verdict'], why: string): Finding => ({
    ...found(verdict, sentence(why), ms),
    figures,
  });
  if (role !== undefined && is !== role)
    return finding('down', `redis at ${host}:${port} is a ${is}, not a ${role}`);
  if (is !== 'replica') {
    figures['replicas'] = countIn(info, 'connected_slaves') ?? 0;
    return finding('up', '');
  }
  const heard = countIn(info, 'master_last_io_seconds_ago');
  const silent = heard === undefined ? undefined : heard * 1000;
  if (silent !== undefined) figures['lag_ms'] = silent;
  if (info.get('master_link_status') !== 'up') {
    const syncing = info.get('master_sync_in_progress') === '1';
    const down = (countIn(info, 'master_link_down_since_seconds') ?? 0) * 1000;
    const since = down > 0 ? ` for ${shownTime(down)}` : '';
    return finding(
      'degraded',
      syncing ? 'the replica is still being filled' : `the link to its master is down${since}`,
    );
  }
  if (max_lag !== undefined && silent === undefined)
    return finding('degraded', 'the replica does not say when it last heard of its master');
  if (max_lag !== undefined && silent !== undefined && silent > max_lag)
    return finding('degraded', `the replica has heard nothing of its master for ${shownTime(silent)}`);
  return finding('up', '');
}

/** A count of INFO; undefined when it is absent, -1, or no number. */
function countIn(info: Map<string, string>, key: string): number | undefined {
  const text = info.get(key) ?? '';
  return /^\d{1,12}$/.test(text) ? Number(text) : undefined;
}

const fields = (text: string): Map<string, string> =>
  new Map(
    text.split('\r\n').flatMap((line) => {
      const colon = line.indexOf(':');
      return colon < 1 ? [] : [[line.slice(0, colon), line.slice(colon + 1)] as const];
    }),
  );

/** Errors of Redis in words; the part after the code may quote what was sent, so it is not shown for logins. */
const ERRORS: Record<string, [string, Finding['verdict']]> = {
  LOADING: ['is still loading its data', 'down'],
  NOAUTH: ['wants a password (password_secret)', 'down'],
  WRONGPASS: ['refuses the password', 'down'],
  NOPERM: ['lets this user do too little (it needs ping, and info for replication)', 'inconclusive'],
  MASTERDOWN: ['is a replica without its master', 'degraded'],
  BUSY: ['is busy with a script', 'degraded'],
};

/** RESP2: a command, and a simple, numeric or bulk answer. */
class Client {
  readonly #stream: { write(bytes: Buffer): unknown };
  readonly #reader: Reader;

  constructor(stream: { write(bytes: Buffer): unknown }, reader: Reader) {
    this.#stream = stream;
    this.#reader = reader;
  }

  async ask(...words: string[]): Promise<string> {
    const parts = words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`);
    this.#stream.write(Buffer.from(`*${words.length}\r\n${parts.join('')}`));
    const line = await this.#reader.line();
    const rest = line.slice(1);
    if (line.startsWith('+') || line.startsWith(':')) return rest;
    if (line.startsWith('$') && /^\d{1,6}$/.test(rest))
      return (await this.#reader.bytes(Number(rest) + 2)).subarray(0, -2).toString('utf8');
    if (!line.startsWith('-')) throw new Trouble('what answers there does not speak the protocol of Redis');
    const code = /^[A-Z]+/.exec(rest)?.[0] ?? 'ERR';
    const [why, verdict] = ERRORS[code] ?? [
      words[0] === 'AUTH' ? 'refuses the login' : `answers ${words[0]} with "${rest}"`,
      'down',
    ];
    throw new Trouble(`redis ${why}`, verdict);
  }
}
