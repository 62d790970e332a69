import dnsModule, { Resolver } from 'node:dns';
import { isIP } from 'node:net';
import { z } from 'zod';
import { unlessAborted } from '../../abort.ts';
import { addressProblem } from '../../address.ts';
import { errno } from '../../durable.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found, foundAt } from '../target.ts';
import { Host, sentence } from '../talk.ts';

const RecordType = z.enum(['A', 'AAAA', 'CAA', 'CNAME', 'MX', 'NS', 'PTR', 'SOA', 'SRV', 'TXT']);
type RecordType = z.infer<typeof RecordType>;

const schema = z.strictObject({
  name: Host,
  type: RecordType.default('A'),
  /** Values that must be among the answers, as they are shown: `10 mail.example` for MX, text for TXT. */
  expect: z.array(z.string().min(1).max(1000)).max(100).default([]),
  /** No other values than the expected ones. */
  exact: z.boolean().default(false),
  /** Address of the server to ask, with a port if it is not 53; absent: what the machine itself asks. */
  resolver: z.string().min(1).max(60).optional(),
});
type Options = z.infer<typeof schema>;

/** Asks DNS for a name's records. */
export const dns = probeKind({
  kind: 'dns',
  summary: 'Asks DNS for records of a name and compares them with what is expected.',
  schema,
  example: 'name: example.com\ntype: MX\nexpect: [10 mail.example.com]\nresolver: 9.9.9.9',
  check({ exact, expect, resolver }) {
    const problems = [];
    if (exact && expect.length === 0) problems.push('exact needs the values under expect');
    if (resolver !== undefined && serverOf(resolver) === undefined)
      problems.push(`resolver: ${resolver} is no IP address (with :port)`);
    return problems;
  },
  open(options, { clock, allowed }) {
    return {
      async run(signal) {
        const server = options.resolver === undefined ? undefined : serverOf(options.resolver);
        if (server !== undefined) {
          const why = addressProblem(server.address, server.address, server.port, allowed());
          if (why !== undefined)
            return found('inconclusive', `ADDRESS_REFUSED: ${server.address} is not asked: ${why}`);
        }
        const resolver = new Resolver({ tries: 2 });
        resolver.setServers(server === undefined ? dnsModule.getServers() : [server.text]);
        const started = clock.monotonic();
        try {
          const values = await unlessAborted(ask(resolver, options.name, options.type), signal);
          const finding = judge(options, values, clock.monotonic() - started);
          return server === undefined ? finding : foundAt(server.address, finding);
        } catch (error) {
          return await failed(error, options, resolver, signal);
        } finally {
          resolver.cancel();
        }
      },
      close: () => undefined,
    };
  },
});

interface Server {
  address: string;
  port: number;
  /** For setServers. */
  text: string;
}

function serverOf(text: string): Server | undefined {
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const address = isIP(text) === 6 ? text : (bracketed ?? plain ?? '');
  const family = isIP(address);
  const number = isIP(text) === 6 || port === undefined ? 53 : Number(port);
  if (family === 0 || number < 1 || number > 65_535) return undefined;
  return { address, port: number, text: `${family === 6 ? `[${address}]` : address}:${number}` };
}

/** One question in one direction; every value as the zone file's right side has it. */
function ask(resolver: Resolver, name: string, type: RecordType): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const done = (error: Error | null, records?: unknown): void =>
      error === null ? resolve(shown(type, records)) : reject(error);
    resolver.resolve(name, type, done);
  });
}

interface Fields {
  priority: number;
  exchange: string;
  weight: number;
  port: number;
  name: string;
  nsname: string;
  hostmaster: string;
  serial: number;
  critical: number;
}

function shown(type: RecordType, records: unknown): string[] {
  const list = (Array.isArray(records) ? records : [records]) as unknown[];
  return list.map((record) => {
    if (typeof record === 'string') return record;
    if (Array.isArray(record)) return record.join('');
    const r = record as Fields & Record<string, unknown>;
    if (type === 'MX') return `${r.priority} ${r.exchange}`;
    if (type === 'SRV') return `${r.priority} ${r.weight} ${r.port} ${r.name}`;
    if (type === 'SOA') return `${r.nsname} ${r.hostmaster} ${r.serial}`;
    const tag = Object.keys(r).find((key) => key !== 'critical' && key !== 'type') ?? '';
    return `${r.critical} ${tag} ${String(r[tag])}`;
  });
}

/** Names are compared without case and final dot (RFC 4343); text exactly. */
const plain = (type: RecordType, value: string): string =>
  type === 'TXT' || type === 'CAA' ? value : value.toLowerCase().replace(/\.$/, '');

function judge({ name, type, expect, exact }: Options, values: string[], ms: number): Finding {
  const got = values.map((value) => plain(type, value));
  const wanted = expect.map((value) => plain(type, value));
  const figures = { records: got.length };
  const missing = wanted.find((value) => !got.includes(value));
  const has = `${name} ${type} is ${got.toSorted().join(', ')}`;
  if (missing !== undefined)
    return { ...found('down', sentence(`${missing} is missing: ${has}`), ms), figures };
  const extra = exact ? got.find((value) => !wanted.includes(value)) : undefined;
  if (extra !== undefined)
    return { ...found('down', sentence(`${extra} was not expected: ${has}`), ms), figures };
  return { ...found('up', '', ms), figures };
}

/**
 * A name that does not exist is the name's trouble. A server that this probe names is what it watches. The machine's own
 * resolver that does not answer proves nothing; when it says SERVFAIL, it is believed only if it can still resolve the
 * root.
 */
async function failed(
  error: unknown,
  { name, type, resolver }: Options,
  asked: Resolver,
  signal: AbortSignal,
): Promise<Finding> {
  const code = signal.aborted ? 'ETIMEOUT' : errno(error);
  if (code === 'ENOTFOUND') return found('down', `${name} does not exist (NXDOMAIN)`);
  if (code === 'ENODATA') return found('down', `${name} has no ${type} record`);
  if (code === 'EBADNAME') return found('down', `${name} is no name that DNS can have`);
  const why = `${resolver === undefined ? "this machine's resolver" : `the resolver ${resolver}`} ${
    code === 'ETIMEOUT' ? 'did not answer in time' : `answered with ${code || String(error)}`
  } for ${name}`;
  if (['EMFILE', 'ENFILE', 'ENOMEM', 'EDESTRUCTION'].includes(code)) return found('inconclusive', why);
  if (resolver !== undefined) return found('down', why);
  if (code !== 'ESERVFAIL' || signal.aborted) return found('inconclusive', why);
  try {
    await unlessAborted(ask(asked, '.', 'NS'), signal);
    return found('down', why);
  } catch {
    return found('inconclusive', `${why}, and not for the root either`);
  }
}
