import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { unlessAborted } from '../../abort.ts';
import { probeKind, type ProberDeps } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found } from '../target.ts';
import { Trouble, secured, sentence, talk, tlsKeys } from '../talk.ts';

const schema = z.strictObject({
  url: z.string().max(2000),
  servername: tlsKeys.servername,
  ca: tlsKeys.ca,
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]{1,100}$/), z.string().max(2000)).default({}),
  protocols: z.array(z.string().min(1).max(100)).max(10).default([]),
  /** A text sent as soon as the connection is open. */
  send: z.string().max(10_000).optional(),
  /** A text that one of the first messages must hold. */
  expect: z.string().min(1).max(1000).optional(),
  /** How many messages are looked at for it. */
  within: z.int().min(1).max(1000).default(10),
});
type Options = z.infer<typeof schema>;

const MAX_MESSAGE = 1024 * 1024;

/** Upgrades to WebSocket, and if asked sends a message and waits for one. Redirects are not followed (RFC 6455, 4.1). */
export const websocket = probeKind({
  kind: 'websocket',
  summary: 'Opens a WebSocket, sends a message and expects one.',
  schema,
  example: `url: wss://feed.example/v1\nsend: '{"op":"ping"}'\nexpect: pong`,
  check({ url, send, expect, headers }) {
    const problems = [];
    const parsed = URL.canParse(url) ? new URL(url) : undefined;
    if (parsed === undefined || !['ws:', 'wss:'].includes(parsed.protocol))
      problems.push('url: it begins with ws:// or wss://');
    else if (parsed.username !== '' || parsed.password !== '')
      problems.push('url: it carries no user name and password');
    else if (parsed.hash !== '') problems.push('url: it has no fragment');
    if (send !== undefined && expect === undefined)
      problems.push('send: say under expect what the answer holds');
    const own = Object.keys(headers).find((name) =>
      /^(?:host|connection|upgrade|sec-websocket-.*)$/i.test(name),
    );
    if (own !== undefined) problems.push(`headers: ${own} is set by Reeve itself`);
    return problems;
  },
  open(options, deps) {
    const url = new URL(options.url);
    const port = url.port === '' ? (url.protocol === 'wss:' ? 443 : 80) : Number(url.port);
    const to = { host: url.hostname, port, what: `the WebSocket at ${url.host}` };
    return {
      run: (signal) =>
        talk(to, deps, signal, async ({ socket }) => {
          const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
          const stream =
            url.protocol === 'wss:'
              ? await secured(socket, { host, servername: options.servername, ca: options.ca }, deps.root)
              : socket;
          return unlessAborted(converse(stream, url, options, deps), signal);
        }),
      close: () => undefined,
    };
  },
});

async function converse(socket: Socket, url: URL, options: Options, { clock }: ProberDeps): Promise<Finding> {
  const { WebSocket } = await import('ws');
  const started = clock.monotonic();
  const ws = new WebSocket(url, options.protocols, {
    createConnection: () => socket,
    headers: { 'user-agent': 'reeve', ...options.headers },
    perMessageDeflate: false,
    maxPayload: MAX_MESSAGE,
    followRedirects: false,
  });
  try {
    return await new Promise<Finding>((resolve, reject) => {
      let seen = 0;
      let last = '';
      const open = (): number => clock.monotonic() - started;
      ws.on('error', (error) => reject(new Trouble(`no WebSocket: ${error.message}`)));
      ws.on('unexpected-response', (_request, response: IncomingMessage) =>
        reject(new Trouble(refusal(response))),
      );
      ws.on('close', (code, reason) =>
        reject(
          new Trouble(
            `it closed the WebSocket (${code}${reason.length > 0 ? `, ${reason.toString()}` : ''})`,
          ),
        ),
      );
      ws.on('open', () => {
        if (options.send !== undefined) ws.send(options.send);
        if (options.expect === undefined) resolve(found('up', '', open()));
      });
      ws.on('message', (data) => {
        seen++;
        last = textOf(data);
        if (options.expect === undefined) return;
        if (last.includes(options.expect)) resolve(found('up', '', open()));
        else if (seen >= options.within)
          reject(
            new Trouble(sentence(`none of ${seen} messages holds "${options.expect}"; the last: ${last}`)),
          );
      });
    });
  } finally {
    ws.on('error', () => undefined);
    ws.terminate();
  }
}

function refusal(response: IncomingMessage): string {
  const { statusCode: status = 0 } = response;
  const { location } = response.headers;
  response.destroy();
  const to = location === undefined ? '' : ` and points to ${location}, where a WebSocket does not follow`;
  return `it answers the upgrade with status ${status}${to}`;
}

const textOf = (data: Buffer | ArrayBuffer | Buffer[]): string =>
  (Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data as Buffer)).toString('utf8');
