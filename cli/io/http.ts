import { connect, type Socket } from 'node:net';
import { Problem } from './problem.ts';
import { unreachable } from './unreachable.ts';

/**
 * A small HTTP/1.1 client over the daemon's Unix socket (RFC 9112): one request a connection. node:http would double the
 * time `reeve status` takes, fetch even more.
 */
export interface HttpRequest {
  method?: 'GET' | 'POST';
  path: string;
  /** JSON text. */
  body?: string;
  headers?: Record<string, string>;
  /** Silence after which it is given up, ms; 0: never. */
  timeout: number;
  /** A person sits in front of it. */
  tty?: boolean;
}

export interface HttpStream {
  status: number;
  headers: Map<string, string>;
  /** The body, without its transfer coding. Throws when the connection breaks before its end. */
  body: AsyncIterable<Buffer>;
  close(): void;
}

const MAX_HEAD = 64 * 1024;
const MAX_BODY = 256 * 1024 * 1024;

/** Where a daemon answers: the path of its socket, or a port of this machine (which a tunnel may lead elsewhere). */
export type Where = string | { host: string; port: number };

export const nameOf = (where: Where): string =>
  typeof where === 'string' ? where : `http://${where.host}:${where.port}`;

/** Sends the request and answers once the head of the response is here. */
export async function open(where: Where, request: HttpRequest): Promise<HttpStream> {
  const socket = connect(typeof where === 'string' ? { path: where } : where);
  const path = nameOf(where);
  const source = new Source(socket);
  try {
    await source.connected;
    socket.setTimeout(request.timeout, () => socket.destroy(new Silence(request.timeout)));
    socket.write(format(request, typeof where === 'string' ? 'localhost' : `${where.host}:${where.port}`));
    const head = await source.until('\r\n\r\n', MAX_HEAD);
    const match = /^HTTP\/1\.[01] (\d{3})/.exec(head);
    if (head === '') throw new Broken();
    if (match === null) throw notReeve(path, 'it does not speak HTTP');
    const headers = parseHeaders(head);
    return {
      status: Number(match[1]),
      headers,
      body: source.body(headers),
      close: () => socket.destroy(),
    };
  } catch (error) {
    socket.destroy();
    throw unreachable(path, error);
  }
}

/** The whole answer. */
export async function call(
  where: Where,
  request: HttpRequest,
): Promise<{ status: number; text: string; type: string }> {
  const stream = await open(where, request);
  const path = nameOf(where);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of stream.body) {
      size += chunk.length;
      if (size > MAX_BODY) throw notReeve(path, 'its answer has no end');
      chunks.push(chunk);
    }
  } catch (error) {
    throw unreachable(path, error);
  } finally {
    stream.close();
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: stream.status, text, type: stream.headers.get('content-type') ?? '' };
}

export const notReeve = (path: string, got: string): Problem =>
  new Problem('DAEMON_NOT_REEVE', { where: path, got });

/** The connection ended in the middle of an answer. */
export class Broken extends Error {
  constructor() {
    super('The daemon closed the connection before its answer was complete; it may be stopping.');
  }
}

/** The daemon took the connection and then said nothing. */
export class Silence extends Error {
  readonly ms: number;
  constructor(ms: number) {
    super(`no answer within ${ms} ms`);
    this.ms = ms;
  }
}

function format(request: HttpRequest, host: string): string {
  const lines = [
    `${request.method ?? 'GET'} ${request.path} HTTP/1.1`,
    `host: ${host}`,
    'connection: close',
    'accept-encoding: identity',
    // contracts/api.ts CLIENT_HEADER; spelled out because that module loads zod.
    `reeve-client: cli${request.tty === true ? ';tty' : ''}`,
    ...Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ];
  if (request.body !== undefined)
    lines.push('content-type: application/json', `content-length: ${Buffer.byteLength(request.body)}`);
  return `${lines.join('\r\n')}\r\n\r\n${request.body ?? ''}`;
}

function parseHeaders(head: string): Map<string, string> {
  const headers = new Map<string, string>();
  for (const line of head.split('\r\n').slice(1)) {
    const at = line.indexOf(':');
    if (at > 0) headers.set(line.slice(0, at).toLowerCase(), line.slice(at + 1).trim());
  }
  return headers;
}

/** Bytes of a socket, on request. */
class Source {
  readonly connected: Promise<void>;
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(socket: Socket) {
    this.connected = new Promise((resolve, reject) => {
      socket.once('connect', resolve).once('error', reject);
    });
    this.#chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  }

  /** False at the end of the connection. */
  async #more(): Promise<boolean> {
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#rest = this.#rest.length === 0 ? next.value : Buffer.concat([this.#rest, next.value]);
    return true;
  }

  /** What stands before the mark; all there is when the connection ends or `max` is passed first. */
  async until(mark: string, max: number): Promise<string> {
    for (;;) {
      const at = this.#rest.indexOf(mark);
      if (at >= 0) {
        const text = this.#rest.toString('latin1', 0, at);
        this.#rest = this.#rest.subarray(at + mark.length);
        return text;
      }
      if (this.#rest.length > max || !(await this.#more())) return this.#rest.toString('latin1');
    }
  }

  async *#take(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      if (this.#rest.length === 0 && !(await this.#more())) throw new Broken();
      const part = this.#rest.subarray(0, left);
      this.#rest = this.#rest.subarray(part.length);
      left -= part.length;
      yield part;
    }
  }

  async *body(headers: Map<string, string>): AsyncGenerator<Buffer> {
    if (headers.get('transfer-encoding')?.toLowerCase() === 'chunked') {
      for (;;) {
        const size = /^([0-9a-f]{1,8})\s*(;|$)/i.exec(await this.until('\r\n', 1024))?.[1];
        if (size === undefined) throw new Broken();
        if (Number.parseInt(size, 16) === 0) return;
        yield* this.#take(Number.parseInt(size, 16));
        await this.until('\r\n', 2);
      }
    }
    const length = headers.get('content-length');
    if (length !== undefined) return yield* this.#take(Number(length));
    do {
      if (this.#rest.length > 0) yield this.#rest;
      this.#rest = Buffer.alloc(0);
    } while (await this.#more());
  }
}
