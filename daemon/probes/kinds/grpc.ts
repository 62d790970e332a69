import type { Socket } from 'node:net';
import { z } from 'zod';
import { unlessAborted } from '../../abort.ts';
import { probeKind } from '../../ports/probe-kinds.ts';
import type { Finding } from '../../ports/probes.ts';
import { found } from '../target.ts';
import { Host, Port, Trouble, secured, sentence, talk, tlsKeys } from '../talk.ts';

const schema = z.strictObject({
  host: Host,
  port: Port,
  ...tlsKeys,
  /** Name of the service asked about; empty means the server as a whole. */
  service: z.string().max(500).default(''),
});
type Options = z.infer<typeof schema>;

/** grpc.health.v1.Health/Check (the gRPC health checking protocol). */
export const grpc = probeKind({
  kind: 'grpc',
  summary: 'Asks a gRPC server for the health of a service (grpc.health.v1).',
  schema,
  example: 'host: orders.internal\nport: 50051\nservice: shop.Orders',
  open(options, deps) {
    const { host, port } = options;
    return {
      run: (signal) =>
        talk({ host, port, what: `grpc at ${host}:${port}` }, deps, signal, async ({ socket }) => {
          const stream = options.tls
            ? await secured(socket, { ...options, alpn: ['h2'] }, deps.root)
            : socket;
          return unlessAborted(check(stream, options), signal);
        }),
      close: () => undefined,
    };
  },
});

const MAX_MESSAGE = 1024;

async function check(socket: Socket, options: Options): Promise<Finding> {
  const { connect, constants } = await import('node:http2');
  const scheme = options.tls ? 'https' : 'http';
  const session = connect(`${scheme}://${authorityOf(options)}`, { createConnection: () => socket });
  try {
    return await new Promise<Finding>((resolve, reject) => {
      session.once('error', (error) => reject(new Trouble(`no HTTP/2: ${error.message}`)));
      session.once('close', () => reject(new Trouble('it closed the connection')));
      const stream = session.request({
        [constants.HTTP2_HEADER_METHOD]: 'POST',
        [constants.HTTP2_HEADER_PATH]: '/grpc.health.v1.Health/Check',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      const head: Record<string, unknown> = {};
      const chunks: Buffer[] = [];
      let size = 0;
      stream.on('response', (headers) => Object.assign(head, headers));
      stream.on('trailers', (headers) => Object.assign(head, headers));
      stream.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size > MAX_MESSAGE) stream.close(constants.NGHTTP2_CANCEL);
        else chunks.push(chunk);
      });
      stream.once('error', reject);
      stream.once('close', () => resolve(judge(options, head, Buffer.concat(chunks))));
      stream.end(framed(options.service));
    });
  } finally {
    session.on('error', () => undefined);
    session.destroy();
  }
}

function authorityOf({ host, port, servername }: Options): string {
  const name = servername ?? host.replace(/^\[(.*)\]$/, '$1');
  return `${name.includes(':') ? `[${name}]` : name}:${port}`;
}

/** HealthCheckRequest { string service = 1; }, behind a flag byte (not compressed) and its length. */
function framed(service: string): Buffer {
  const text = Buffer.from(service);
  const message = text.length === 0 ? text : Buffer.concat([Buffer.from([0x0a]), varint(text.length), text]);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>= 7) bytes.push((rest & 127) | 128);
  return Buffer.from([...bytes, rest]);
}

/** Codes of google.rpc.Code that say something about the target rather than about health. */
const CODES: Record<string, string> = {
  '5': 'it knows no service of that name',
  '7': 'it refuses the question (PERMISSION_DENIED)',
  '12': 'it does not offer grpc.health.v1',
  '14': 'it is unavailable',
  '16': 'it wants a login (UNAUTHENTICATED)',
};
const SERVING = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'];

function judge({ service }: Options, head: Record<string, unknown>, body: Buffer): Finding {
  const what = service === '' ? 'the server' : service;
  const http = head[':status'];
  const status_ = head['grpc-status'];
  const code = typeof status_ === 'string' ? status_ : undefined;
  if (http === undefined) return found('down', 'it ended the stream without an answer');
  if (http !== 200) return found('down', `it answers with HTTP ${Number(http)}, not gRPC`);
  if (code !== '0') {
    const said = typeof head['grpc-message'] === 'string' ? `: ${head['grpc-message']}` : '';
    const why =
      CODES[code ?? ''] ??
      (code === undefined ? 'it ended without a status' : `it fails with gRPC status ${code}`);
    return found('down', sentence(`${why}${said}`));
  }
  const status = statusIn(body);
  if (status === undefined) return found('down', 'its answer is no HealthCheckResponse');
  return status === 1
    ? found('up', '')
    : found('down', `${what} is ${SERVING[status] ?? `in an unknown state (${status})`}`);
}

/** HealthCheckResponse { ServingStatus status = 1; }: field 1 as a varint; absent is 0. */
function statusIn(body: Buffer): number | undefined {
  if (body.length < 5 || body[0] !== 0 || body.readUInt32BE(1) !== body.length - 5) return undefined;
  if (body.length === 5) return 0;
  return body[5] === 0x08 && body.length === 7 ? body[6] : undefined;
}
