import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GatewayCloseCodes as Close,
  GatewayIntentBits as Intent,
  GatewayOpcodes as Op,
} from 'discord-api-types/v10';
import { WebSocketServer, type WebSocket } from 'ws';
import { intentFor, withoutContent } from './intents.ts';
import { apiGuildCreate } from './render.ts';
import type { App, World } from './world.ts';

/** How long a dropped session can be resumed; Discord says no figure, people saw some minutes. */
const RESUMABLE = 5 * 60_000;
const PRIVILEGED = Intent.GuildPresences | Intent.GuildMembers | Intent.MessageContent;

interface Dispatch {
  op: number;
  s: number;
  t: string;
  d: object;
}

/** One bot session; it outlives its socket. */
export interface Session {
  id: string;
  app: App;
  intents: number;
  shard: [number, number];
  seq: number;
  sent: Dispatch[];
  socket: WebSocket | undefined;
  droppedAt: number | undefined;
  resumes: number;
}

/** Gateway v10, JSON, uncompressed (what discord.js asks for without zlib-sync). */
export class Gateway {
  readonly sessions = new Map<string, Session>();
  /** IDENTIFYs that were accepted. */
  identifies = 0;
  heartbeats = 0;
  /** Off: a zombie connection. */
  acknowledgeHeartbeats = true;
  heartbeatInterval = 41_250;
  /** What the next resumes are answered instead: 9 with `d`. */
  #refuseResumes: boolean[] = [];
  #twice = 0;
  readonly #world: World;
  readonly #address: () => string;
  readonly #server = new WebSocketServer({ noServer: true });

  constructor(world: World, address: () => string) {
    this.#world = world;
    this.#address = address;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (ws) => this.#greet(ws));
  }

  /** Sockets that are open and identified. */
  get connected(): Session[] {
    return [...this.sessions.values()].filter(({ socket }) => socket !== undefined);
  }

  /** Sends an event to every session that may see it; those without a socket get it when they resume. */
  dispatch(t: string, d: object, { guildId, appId }: { guildId?: string; appId?: string }): void {
    const copies = this.#twice > 0 ? 2 : 1;
    if (copies === 2) this.#twice -= 1;
    for (const session of this.sessions.values()) {
      if (appId !== undefined && session.app.id !== appId) continue;
      if (guildId !== undefined && !session.app.guilds.has(guildId)) continue;
      const [shard, shards] = session.shard;
      if ((guildId === undefined ? 0 : Number((BigInt(guildId) >> 22n) % BigInt(shards))) !== shard) continue;
      const needed = intentFor(t, guildId !== undefined);
      if (needed !== 0 && (session.intents & needed) === 0) continue;
      for (let copy = 0; copy < copies; copy++) this.#push(session, t, withoutContent(session, t, d));
    }
  }

  /** The next `events` dispatched events arrive twice, each copy with its own sequence number. */
  duplicateNext(events = 1): void {
    this.#twice += events;
  }

  /** Cuts every socket; the sessions stay resumable. Without a code the connection just ends. */
  drop(code?: number): void {
    for (const { socket } of this.connected) {
      if (code === undefined) socket?.terminate();
      else socket?.close(code);
    }
  }

  /** Opcode 7: asks every client to reconnect and resume. */
  askToReconnect(): void {
    for (const session of this.connected) this.#send(session.socket, { op: Op.Reconnect, d: null });
  }

  /** Opcode 9 to every client now; not resumable unless said, and then the session is gone. */
  invalidate(resumable = false): void {
    for (const session of this.connected) {
      if (!resumable) this.sessions.delete(session.id);
      this.#send(session.socket, { op: Op.InvalidSession, d: resumable });
    }
  }

  /** The next resume is answered with opcode 9. */
  refuseResume(resumable = false): void {
    this.#refuseResumes.push(resumable);
  }

  /** Closes the app's sockets with 4004 and forgets its sessions: its token is gone. */
  evict(app: App): void {
    for (const session of this.sessions.values()) {
      if (session.app !== app) continue;
      this.sessions.delete(session.id);
      session.socket?.close(Close.AuthenticationFailed, 'Authentication failed.');
    }
  }

  close(): void {
    for (const client of this.#server.clients) client.terminate();
    this.#server.close();
  }

  #greet(ws: WebSocket): void {
    let session: Session | undefined;
    const recent: number[] = [];
    ws.on('error', () => ws.terminate());
    ws.on('close', (code) => {
      if (session?.socket !== ws) return;
      session.socket = undefined;
      session.droppedAt = this.#world.clock.now();
      // 1000 and 1001 from the client end the session.
      if (code === 1000 || code === 1001) this.sessions.delete(session.id);
      this.#world.changes.happened();
    });
    ws.on('message', (data) => {
      const now = this.#world.clock.now();
      recent.push(now);
      while ((recent[0] ?? now) < now - 60_000) recent.shift();
      if (recent.length > 120) return ws.close(Close.RateLimited, 'You are being rate limited.');
      let packet: { op: Op; d: Record<string, unknown> };
      try {
        packet = JSON.parse((data as Buffer).toString()) as typeof packet;
      } catch {
        return ws.close(Close.DecodeError, 'Error while decoding payload.');
      }
      if (packet.op === Op.Heartbeat) {
        this.heartbeats += 1;
        if (this.acknowledgeHeartbeats) this.#send(ws, { op: Op.HeartbeatAck });
      } else if (packet.op === Op.Identify) {
        if (session !== undefined) ws.close(Close.AlreadyAuthenticated, 'Already authenticated.');
        else session = this.#identify(ws, packet.d);
      } else if (packet.op === Op.Resume) {
        session = this.#resume(ws, packet.d) ?? session;
      } else if (session === undefined) {
        ws.close(Close.NotAuthenticated, 'Not authenticated.');
      } else if (
        packet.op !== Op.PresenceUpdate &&
        packet.op !== Op.RequestGuildMembers &&
        packet.op !== Op.VoiceStateUpdate
      ) {
        ws.close(Close.UnknownOpcode, 'Unknown opcode.');
      }
      this.#world.changes.happened();
    });
    this.#send(ws, { op: Op.Hello, d: { heartbeat_interval: this.heartbeatInterval, _trace: [] } });
  }

  #identify(ws: WebSocket, d: Record<string, unknown>): Session | undefined {
    const app = [...this.#world.apps.values()].find(({ token, revoked }) => token === d['token'] && !revoked);
    if (app === undefined) return void ws.close(Close.AuthenticationFailed, 'Authentication failed.');
    const intents = d['intents'];
    if (typeof intents !== 'number' || intents < 0)
      return void ws.close(Close.InvalidIntents, 'Invalid intent(s).');
    if ((intents & PRIVILEGED & ~app.privilegedIntents) !== 0)
      return void ws.close(Close.DisallowedIntents, 'Disallowed intent(s).');
    const shard = (d['shard'] ?? [0, 1]) as [number, number];
    const id = `session-${this.#world.id()}`;
    const session: Session = {
      id,
      app,
      intents,
      shard,
      seq: 0,
      sent: [],
      socket: ws,
      droppedAt: undefined,
      resumes: 0,
    };
    this.sessions.set(id, session);
    this.identifies += 1;
    const mine = [...app.guilds].filter(
      (guild) => Number((BigInt(guild) >> 22n) % BigInt(shard[1])) === shard[0],
    );
    this.#push(session, 'READY', {
      v: 10,
      user: {
        ...this.#world.users.get(app.id),
        bot: true,
        verified: true,
        mfa_enabled: false,
        email: null,
        flags: 0,
      },
      guilds: mine.map((guild) => ({ id: guild, unavailable: true })),
      session_id: id,
      session_type: 'normal',
      resume_gateway_url: this.#address(),
      shard,
      application: { id: app.id, flags: 0 },
      relationships: [],
      private_channels: [],
      presences: [],
      _trace: [],
    });
    if ((intents & Intent.Guilds) !== 0) {
      for (const id of mine) {
        const guild = this.#world.guilds.get(id);
        if (guild !== undefined)
          this.#push(session, 'GUILD_CREATE', apiGuildCreate(this.#world, guild, app.id));
      }
    }
    return session;
  }

  #resume(ws: WebSocket, d: Record<string, unknown>): Session | undefined {
    const refused = this.#refuseResumes.shift();
    const session = this.sessions.get(String(d['session_id']));
    const old = (session?.droppedAt ?? Infinity) + RESUMABLE < this.#world.clock.now();
    if (session === undefined || old || refused !== undefined || session.app.token !== d['token']) {
      if (refused !== true && session !== undefined) this.sessions.delete(session.id);
      this.#send(ws, { op: Op.InvalidSession, d: refused === true });
      return undefined;
    }
    const seq = Number(d['seq']);
    if (!(seq >= 0 && seq <= session.seq)) return void ws.close(Close.InvalidSeq, 'Invalid seq.');
    session.socket?.terminate();
    session.socket = ws;
    session.droppedAt = undefined;
    session.resumes += 1;
    for (const packet of session.sent) if (packet.s > seq) this.#send(ws, packet);
    this.#push(session, 'RESUMED', { _trace: [] });
    return session;
  }

  #push(session: Session, t: string, d: object): void {
    session.seq += 1;
    const packet = { op: Op.Dispatch, s: session.seq, t, d };
    session.sent.push(packet);
    this.#send(session.socket, packet);
  }

  #send(socket: WebSocket | undefined, packet: object): void {
    if (socket?.readyState === 1) socket.send(JSON.stringify(packet));
  }
}
