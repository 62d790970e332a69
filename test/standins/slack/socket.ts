import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import type { App, World } from './world.ts';

/** How many sockets an app may have. */
const MAX_SOCKETS = 10;
/** How long the URL of apps.connections.open can be used, ms. Slack says only "temporary". */
const TICKET_LIVES = 30_000;

export interface Envelope {
  envelope_id: string;
  type: 'slash_commands' | 'interactive' | 'events_api';
  accepts_response_payload: boolean;
  payload: object;
  retry_attempt?: number;
  retry_reason?: string;
}

interface Link {
  app: App;
  ws: WebSocket;
}

/** Socket Mode. */
export class SocketMode {
  readonly links = new Set<Link>();
  /** Everything that was sent, oldest first. */
  readonly sent: Envelope[] = [];
  /** Off: a zombie that answers no pings. */
  answerPings = true;
  /** Connections that were made. */
  connections = 0;
  /** Hears acknowledgements. */
  acknowledged: (envelopeId: string, payload: Record<string, unknown>) => void = () => {};
  #twice = 0;
  #held: Promise<void> | undefined;
  #turn = 0;
  #tickets = new Map<string, { app: App; until: number }>();
  readonly #world: World;
  readonly #server = new WebSocketServer({ noServer: true, autoPong: false });

  constructor(world: World) {
    this.#world = world;
  }

  /** Path and query of a URL that can be used once. */
  ticket(app: App): string {
    const ticket = `${this.#world.id('W')}-${this.#tickets.size}`;
    this.#tickets.set(ticket, { app, until: this.#world.clock.now() + TICKET_LIVES });
    return `/link/?ticket=${ticket}&app_id=${app.id}`;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const ticket = new URL(request.url ?? '/', 'http://slack').searchParams.get('ticket') ?? '';
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    if (found === undefined || found.until < this.#world.clock.now()) {
      socket.end('HTTP/1.1 403 Forbidden\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#greet(found.app, ws));
  }

  /** Open sockets of an app. */
  of(app: App): Link[] {
    return [...this.links].filter((link) => link.app === app && link.ws.readyState === 1);
  }

  /** Sends to one of the app's sockets, in turn; false when there is none. */
  send(app: App, envelope: Envelope): boolean {
    const open = this.of(app);
    if (open.length === 0) return false;
    const copies = this.#twice > 0 ? 2 : 1;
    if (copies === 2) this.#twice -= 1;
    const held = this.#held;
    for (let copy = 0; copy < copies; copy++) {
      this.sent.push(envelope);
      this.#turn += 1;
      const ws = open[this.#turn % open.length]?.ws;
      if (held === undefined) ws?.send(JSON.stringify(envelope));
      else void held.then(() => ws?.send(JSON.stringify(envelope)));
    }
    return true;
  }

  /** The network is slow: nothing that is sent from now on arrives until the returned function is called. */
  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return () => {
      this.#held = undefined;
      resolve();
    };
  }

  /** The next envelopes arrive twice, with the same envelope_id. */
  duplicateNext(envelopes = 1): void {
    this.#twice += envelopes;
  }

  /** What was not acknowledged in time comes once more, in an envelope of its own, as the nth try after the first. */
  again(app: App, envelope: Envelope, attempt = 1): boolean {
    const more = { retry_attempt: attempt, retry_reason: 'timeout' };
    return this.send(app, { ...envelope, envelope_id: `${envelope.envelope_id}-${attempt}`, ...more });
  }

  /** Cuts every socket without a word. */
  drop(): void {
    for (const { ws } of this.links) ws.terminate();
  }

  /** What Slack says before it recycles a connection; it closes it after `refresh_requested` and `link_disabled`. */
  disconnect(
    reason: 'warning' | 'refresh_requested' | 'link_disabled' | 'too_many_websockets' = 'refresh_requested',
  ): void {
    for (const { ws } of this.links) this.#bye(ws, reason);
  }

  /** Ends the app's sockets: its app token is gone. */
  evict(app: App): void {
    for (const { ws } of this.of(app)) this.#bye(ws, 'link_disabled');
  }

  /** A ping from Slack on every socket. */
  ping(): void {
    for (const { ws } of this.links) ws.ping('Ping from applink');
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #greet(app: App, ws: WebSocket): void {
    const link = { app, ws };
    this.links.add(link);
    this.connections += 1;
    ws.on('error', () => ws.terminate());
    ws.on('ping', (data) => {
      if (this.answerPings) ws.pong(data);
    });
    ws.on('close', () => {
      this.links.delete(link);
      this.#world.changes.happened();
    });
    ws.on('message', (data) => {
      const ack = JSON.parse((data as Buffer).toString()) as {
        envelope_id?: string;
        payload?: Record<string, unknown>;
      };
      if (ack.envelope_id !== undefined) this.acknowledged(ack.envelope_id, ack.payload ?? {});
      this.#world.changes.happened();
    });
    const mine = this.of(app);
    ws.send(
      JSON.stringify({
        type: 'hello',
        num_connections: mine.length,
        debug_info: { host: 'applink-standin', build_number: 1, approximate_connection_time: 18_060 },
        connection_info: { app_id: app.id },
      }),
    );
    // Which of too many connections goes is not published; the oldest is taken here.
    if (mine.length > MAX_SOCKETS && mine[0] !== undefined) this.#bye(mine[0].ws, 'too_many_websockets');
    this.#world.changes.happened();
  }

  #bye(ws: WebSocket, reason: string): void {
    ws.send(JSON.stringify({ type: 'disconnect', reason, debug_info: { host: 'applink-standin' } }));
    if (reason !== 'warning') ws.close(1000);
  }
}
