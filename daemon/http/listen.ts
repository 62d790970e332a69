import { chmod } from 'node:fs/promises';
import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { fail, type ErrorCode, type ErrorResponse } from '../../contracts/errors.ts';
import { errno } from '../durable.ts';
import { Connections } from './connections.ts';
import type { Limits } from './context.ts';
import { SafeResponse } from './headers.ts';

// An `import` of node:http reads each of its exports, the web sockets too, and with them undici: 15 ms and 12 MiB.
const { createServer } = process.getBuiltinModule('node:http');

/** Largest request header section, bytes. */
const MAX_HEADERS = 16 * 1024;

/** One HTTP listener with the limits that bound what a slow or greedy sender can hold. `broken` gets what never became a request. */
export function newServer(
  limits: Limits,
  listener: RequestListener<typeof IncomingMessage, typeof SafeResponse>,
  broken: (error: ErrorResponse) => void,
): Server {
  const server = createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: limits.checkMs,
      keepAliveTimeout: 30_000,
      maxHeaderSize: MAX_HEADERS,
      ServerResponse: SafeResponse,
      requireHostHeader: true,
      noDelay: true,
    },
    (request, response) => {
      connections.began(request, response);
      listener(request, response);
    },
  );
  const connections = new Connections(server, limits.connections);
  server.on('clientError', (error, socket) => {
    const response = fail(codeOf(error)).toResponse();
    if (!LEFT.has(errno(error))) broken(response);
    answerRaw(socket, response);
  });
  return server;
}

/** The other side went away, also with a request half sent, as a killed client does: its leave, not an attempt. */
const LEFT = new Set(['ECONNRESET', 'EPIPE', 'HPE_INVALID_EOF_STATE']);

function codeOf(error: Error): ErrorCode {
  switch (errno(error)) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'REQUEST_SLOW';
    case 'HPE_HEADER_OVERFLOW':
      return 'HEADERS_TOO_LARGE';
    default:
      return 'REQUEST_MALFORMED';
  }
}

/** Answers on a connection whose request could not be read, and closes it. */
function answerRaw(socket: Duplex, response: ErrorResponse): void {
  const body = JSON.stringify(response);
  if (!socket.writable) return void socket.destroy();
  socket.end(
    `HTTP/1.1 ${response.status} Refused\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `X-Content-Type-Options: nosniff\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Binds the Unix socket, mode 0600. */
export async function listenSocket(server: Server, path: string): Promise<void> {
  await listening(server, () => server.listen({ path }));
  await chmod(path, 0o600);
}

/** Binds 127.0.0.1; resolves to the port. Throws `PORT_IN_USE`, `PORT_REFUSED`. */
export async function listenTcp(server: Server, port: number): Promise<number> {
  try {
    await listening(server, () => server.listen({ host: '127.0.0.1', port }));
  } catch (cause) {
    if (errno(cause) === 'EADDRINUSE') throw fail('PORT_IN_USE', { port }, { cause });
    throw fail('PORT_REFUSED', { port, why: errno(cause) || String(cause) }, { cause });
  }
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listening(server: Server, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => reject(error);
    server.once('error', failed);
    server.once('listening', () => {
      server.off('error', failed);
      resolve();
    });
    listen();
  });
}
