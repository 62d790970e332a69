import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** One HTTP request, read to its end. */
export interface Call {
  method: string;
  /** Decoded path without the query. */
  path: string;
  query: URLSearchParams;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

/** What goes back: JSON unless `body` is text or bytes. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface Doors {
  /** `drop` cuts the connection without an answer. */
  call(call: Call): Promise<Answer | 'drop'>;
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
}

/** An HTTP server on a port of 127.0.0.1 that can go away and come back on the same port. */
export class PlatformServer {
  #server: Server | undefined;
  #sockets = new Set<Socket>();
  #port = 0;
  readonly #doors: Doors;

  constructor(doors: Doors) {
    this.#doors = doors;
  }

  get port(): number {
    return this.#port;
  }

  async listen(): Promise<void> {
    const server = createServer((request, response) => void this.#serve(request, response));
    server.on('upgrade', (request, socket, head) => this.#doors.upgrade(request, socket, head));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => this.#sockets.delete(socket));
    });
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Cuts every connection and refuses new ones. */
  async close(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(server, 'close');
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const url = new URL(request.url ?? '/', 'http://platform');
      const answer = await this.#doors.call({
        method: request.method ?? 'GET',
        path: decodeURIComponent(url.pathname),
        query: url.searchParams,
        headers: request.headers,
        body: Buffer.concat(parts),
      });
      if (answer === 'drop') request.socket.destroy();
      else send(response, answer);
    } catch (error) {
      if (request.destroyed && !request.complete) return;
      // A fault of the stand-in itself must be seen as one, not as the platform's own bad day.
      send(response, {
        status: 500,
        body: { standin_failed: error instanceof Error ? error.stack : String(error) },
      });
      process.emitWarning(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

function send(response: ServerResponse, { status, body, headers = {} }: Answer): void {
  const raw = body === undefined || typeof body === 'string' || Buffer.isBuffer(body);
  response.writeHead(status, { ...(raw ? {} : { 'content-type': 'application/json' }), ...headers });
  response.end(raw ? body : JSON.stringify(body));
}
