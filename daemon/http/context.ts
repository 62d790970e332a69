import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { z } from 'zod';
import type { Ready, StatusView } from '../../contracts/api.ts';
import type { ErrorResponse } from '../../contracts/errors.ts';
import type { Platform } from '../../contracts/chat.ts';
import type { Verb } from '../../contracts/estate.ts';
import type { Log } from '../log.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Chat } from '../ports/chat.ts';
import type { Cosigning } from '../ports/cosign.ts';
import type { Clock } from '../ports/clock.ts';
import type { Caller, Door } from '../ports/door.ts';
import type { Fs } from '../ports/fs.ts';
import type { Jobs } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Live } from '../ports/live.ts';
import type { PushEvent } from '../ports/probe-kinds.ts';
import type { Webhooks } from '../ports/webhooks.ts';
import type { Bodies } from './bodies.ts';
import type { EventStreams } from './events/streams.ts';
import type { TokenHolder, TokenVerifier } from './token.ts';

export type Transport = 'socket' | 'tcp';

/** What the transport knows about who is calling. On the socket it is the user who owns the home; on TCP a token's holder. */
export interface Credential {
  transport: Transport;
  /** TCP only. */
  holder?: TokenHolder;
  /** How the front end labels itself: for records, never for rights. */
  client: 'cli' | 'web' | 'api';
}

/** A refusal by the HTTP layer itself, before anything reached the door. */
export interface HttpRefusal {
  error: ErrorResponse;
  /** Undefined when nobody was identified. */
  caller: Caller | undefined;
  transport: Transport;
  /** `POST /v1/commands`: method and path without the query, printable ASCII. */
  request: string;
  /** 1, or how many like it were left out of the record since the last one. */
  count: number;
}

/** Everything the API rests on. */
export interface ServerDeps {
  door: Door;
  /** Throws `PERSON_UNKNOWN`. */
  identify(credential: Credential): Caller;
  /** Whether a role of the caller has the verb there; without a project: anywhere. */
  access(caller: Caller, verb: Verb, project?: string, env?: string): boolean;
  /** Projects of the estate in force. */
  projects(): readonly string[];
  ledger: Ledger;
  /** Inclusion proof of one record (c2sp.org/tlog-proof). Rejects `LEDGER_RANGE`. */
  proof(seq: number): Promise<string>;
  live: Live;
  /** `may`: which places its reader may see. Default: all. */
  status(may?: (project: string, env: string) => boolean): StatusView;
  jobs: Jobs;
  chat: Chat;
  cosign: Cosigning;
  webhooks: Pick<Webhooks, 'limits' | 'receive'>;
  artifacts: Artifacts;
  /** A call of the push URL of a heartbeat probe. Rejects PROBE_UNKNOWN for a token that is nobody's. */
  push(token: string, event: PushEvent, text: string): Promise<unknown>;
  /** Prometheus text format 0.0.4. */
  metrics(): Promise<string>;
  ready(): z.infer<typeof Ready>;
  /** Writes the ledger record of a refusal and resolves to its seq. Called at most `REFUSALS_PER_MINUTE` times a minute. */
  refused(refusal: HttpRefusal): Promise<number | undefined>;
  /** Asked in order; the first that knows the token decides. */
  verifiers: readonly TokenVerifier[];
  clock: Clock;
  fs: Fs;
  log: Pick<Log, 'level' | 'debug' | 'warn' | 'error'>;
  /** Absolute; the socket is `<home>/reeve.sock`. The caller holds the home's lock. */
  home: string;
  /** TCP port on 127.0.0.1; 0 takes any free one. */
  port: number;
  version: string;
  limits?: Partial<Limits>;
}

export interface Limits {
  /** Whole request, ms (Node's `requestTimeout`). */
  requestMs: number;
  /** Request headers, ms. */
  headersMs: number;
  /** How often the two are checked, ms. */
  checkMs: number;
  /** Open connections per listener. */
  connections: number;
  /** Open event streams. */
  streams: number;
  /** Pause between two signs of life on an event stream, ms. */
  heartbeatMs: number;
  /** A reader that takes nothing for so long is disconnected, ms. */
  stallMs: number;
  /** Bytes of a request body. */
  body: number;
}

export const LIMITS: Limits = {
  requestMs: 30_000,
  headersMs: 10_000,
  checkMs: 5_000,
  connections: 256,
  streams: 64,
  heartbeatMs: 15_000,
  stallMs: 60_000,
  body: 2 * 1024 * 1024,
};

export interface Context extends ServerDeps {
  limits: Limits;
  streams: EventStreams;
  /** Room for the bodies of deliveries. */
  bodies: Bodies;
  /** The TCP port in use, once listening. */
  boundPort(): number;
  isSocket(request: IncomingMessage): boolean;
  /** Monotonic ms of the start. */
  started: number;
}

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** One file under routes/. */
export interface RouteModule {
  id: string;
  register(app: App, context: Context): void;
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered without knowing who asks. */
    open?: boolean;
    /** Open, and called from outside under a name that is not ours: a signature over the body says who asks. */
    signed?: boolean;
    /** Part of the page: a link on another site may lead to it. */
    page?: boolean;
    /** For bots with their own credential, and for nobody else. */
    bot?: boolean;
    /** What the caller's role must allow somewhere. */
    verb?: Verb;
  }
  interface FastifyRequest {
    /** Undefined on open routes and those for bots only. */
    caller: Caller | undefined;
    /** Whose bot is calling; undefined for everybody else. */
    bot: Platform | undefined;
  }
}
