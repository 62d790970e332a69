import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { takeApp } from './app.ts';
import { Bodies } from './bodies.ts';
import { LIMITS, type Context, type ServerDeps, type Transport } from './context.ts';
import { takeDelivery } from './delivery.ts';
import { EventStreams } from './events/streams.ts';
import { requestLine } from './failures.ts';
import type { SafeResponse } from './headers.ts';
import { freeSocketPath } from './socket-path.ts';

export interface Listening {
  /** Path of the Unix socket. */
  socket: string;
  port: number;
  /** `http://127.0.0.1:<port>` */
  url: string;
}

export interface ApiServer {
  /** Opens both listeners. Throws `PORT_IN_USE`, `PORT_REFUSED`, `HOME_INSECURE`, `HOME_IN_USE`, `SOCKET_PATH_TOO_LONG`. */
  listen(): Promise<Listening>;
  /**
   * Stops accepting, ends the event streams, lets running requests finish for `graceMs`, then cuts what is left. The
   * socket is removed. May be called more than once.
   */
  close(graceMs?: number): Promise<void>;
  /** Open event streams. */
  streams(): number;
}

/**
 * The HTTP API: one application behind two listeners. On the Unix socket the caller is the operating-system user who owns
 * the home: Node cannot ask for SO_PEERCRED, so the file modes (socket 0600 in a folder 0700) are what keeps others out.
 * On TCP a bearer token says who calls.
 */
export async function createServer(deps: ServerDeps): Promise<ApiServer> {
  // Not before: a snapshot (scripts/snapshot.ts) cannot hold node:http.
  const { listenSocket, listenTcp, newServer } = await import('./listen.ts');
  const { log } = deps;
  const limits = { ...LIMITS, ...deps.limits };
  const streams = new EventStreams(limits.streams);
  const overSocket = new WeakSet<object>();
  let port = deps.port;
  let closing: Promise<void> | undefined;
  const { app, refusals, rest } = await takeApp(limits.body);
  const context: Context = {
    ...deps,
    limits,
    streams,
    bodies: new Bodies(deps.clock),
    started: deps.clock.monotonic(),
    boundPort: () => port,
    // Whatever is not known to have come over the socket needs a token.
    isSocket: (request) => overSocket.has(request.socket),
  };
  rest(context);

  const handle = (request: IncomingMessage, response: SafeResponse): void => {
    if (log.level === 'debug' || log.level === 'trace') logAnswer(deps, request, response);
    if (closing !== undefined) response.setHeader('connection', 'close');
    const toRoute = (): void => app.routing(request, response);
    if (!takeDelivery(context, request, response, toRoute)) toRoute();
  };
  const listener = (transport: Transport): Server =>
    newServer(limits, handle, (error) => {
      void refusals.report({ error, caller: undefined, transport, request: '(unreadable)' });
    });
  const unix = listener('socket');
  unix.on('connection', (socket) => overSocket.add(socket));
  const tcp = listener('tcp');

  return {
    async listen() {
      const path = await freeSocketPath(deps.fs, deps.home);
      try {
        // TCP first: a taken port must leave no socket behind.
        port = await listenTcp(tcp, deps.port);
        await listenSocket(unix, path);
      } catch (error) {
        await Promise.all([stopped(tcp), stopped(unix)]);
        throw error;
      }
      return { socket: path, port, url: `http://127.0.0.1:${port}` };
    },
    close(graceMs = 3000) {
      closing ??= (async () => {
        const done = Promise.all([stopped(tcp), stopped(unix)]);
        streams.endAll();
        const cut = deps.clock.after(graceMs, () => {
          tcp.closeAllConnections();
          unix.closeAllConnections();
        });
        await done;
        cut();
        await app.close();
      })();
      return closing;
    },
    streams: () => streams.size,
  };
}

function logAnswer({ clock, log }: ServerDeps, request: IncomingMessage, response: ServerResponse): void {
  const began = clock.monotonic();
  const line = requestLine(request);
  response.once('close', () =>
    log.debug('request', { request: line, status: response.statusCode, ms: clock.monotonic() - began }),
  );
}

/** Resolves when a listener has closed and its last connection has ended; at once when it never listened. */
function stopped(server: Server): Promise<void> {
  if (!server.listening) return Promise.resolve();
  return new Promise((resolve) => server.close(() => resolve()));
}
