import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { z } from 'zod';
import {
  ChatAnswer,
  ChatDeliveries,
  ChatJob,
  ChatLog,
  ChatNoted,
  ChatPosts,
  ChatSession,
  ChatThreads,
  type ChatClosed,
  type ChatDelivered,
  type ChatDelivery,
  type ChatHeard,
  type ChatPost,
  type ChatPosted,
  type ChatRelay,
  type ChatThread,
} from '../../contracts/chat.ts';
import { ErrorResponse } from '../../contracts/errors.ts';

/** The daemon said no, and why. */
export class Refused extends Error {
  readonly response: ErrorResponse;
  constructor(response: ErrorResponse) {
    super(response.message);
    this.name = 'Refused';
    this.response = response;
  }
}

/** The daemon is not there, or broke off: worth another try. */
export class Unreachable extends Error {
  constructor(cause: unknown) {
    super('The daemon does not answer.', { cause });
    this.name = 'Unreachable';
  }
}

export interface DaemonAt {
  /** Path of the daemon's Unix socket, or `http://127.0.0.1:<port>`. */
  at: { socket: string } | { url: string };
  token: string;
}

/** Silence beyond what was waited for, after which an answer is given up, ms. */
const PATIENCE = 20_000;
const MAX_ANSWER = 32 * 1024 * 1024;

/** /v1/chat of the daemon, with a bot's credential. Rejects Refused and Unreachable. */
export class Daemon {
  readonly #to: DaemonAt;
  /** By this the daemon knows a bot that was started again from the one before. */
  readonly #process = randomUUID();
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 64 });

  constructor(to: DaemonAt) {
    this.#to = to;
  }

  session(): Promise<ChatSession> {
    return this.#call(ChatSession, 'GET', '/v1/chat/session');
  }

  relay(relay: ChatRelay): Promise<ChatAnswer> {
    return this.#call(ChatAnswer, 'POST', '/v1/chat/relay', { body: relay });
  }

  /** Answers as soon as there is something to say, at the latest after `wait` ms. */
  async posts(wait: number, signal?: AbortSignal): Promise<ChatPost[]> {
    return (await this.#call(ChatPosts, 'GET', `/v1/chat/posts?wait=${wait}`, { wait, signal })).posts;
  }

  async posted(posted: ChatPosted): Promise<void> {
    await this.#call(undefined, 'POST', '/v1/chat/posted', { body: posted });
  }

  /** Answers when the job differs from `version`, at the latest after `wait` ms. */
  job(id: string, version: string, wait: number, signal?: AbortSignal): Promise<ChatJob> {
    return this.#call(ChatJob, 'GET', `/v1/chat/jobs/${id}?version=${version}&wait=${wait}`, {
      wait,
      signal,
    });
  }

  /** What a job printed, once it has ended. */
  log(id: string): Promise<ChatLog> {
    return this.#call(ChatLog, 'GET', `/v1/chat/jobs/${id}/log`);
  }

  async threads(): Promise<ChatThread[]> {
    return (await this.#call(ChatThreads, 'GET', '/v1/chat/threads')).threads;
  }

  heard(heard: ChatHeard): Promise<ChatNoted> {
    return this.#call(ChatNoted, 'POST', '/v1/chat/heard', { body: heard });
  }

  async closed(closed: ChatClosed): Promise<void> {
    await this.#call(undefined, 'POST', '/v1/chat/closed', { body: closed });
  }

  /** What the platform sent to the daemon, as soon as there is something, at the latest after `wait` ms. */
  async deliveries(wait: number, signal?: AbortSignal): Promise<ChatDelivery[]> {
    const path = `/v1/chat/deliveries?wait=${wait}&process=${this.#process}`;
    return (await this.#call(ChatDeliveries, 'GET', path, { wait, signal })).deliveries;
  }

  async delivered(delivered: ChatDelivered): Promise<void> {
    await this.#call(undefined, 'POST', '/v1/chat/delivered', { body: delivered });
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call<S extends z.ZodType>(
    schema: S | undefined,
    method: 'GET' | 'POST',
    path: string,
    more: { body?: unknown; wait?: number; signal?: AbortSignal | undefined } = {},
  ): Promise<z.output<S>> {
    const { status, text } = await this.#send(method, path, more).catch((error: unknown) => {
      throw new Unreachable(error);
    });
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch (error) {
      throw new Unreachable(error);
    }
    if (status === 200) return schema === undefined ? (undefined as z.output<S>) : schema.parse(answer);
    const refusal = ErrorResponse.safeParse(answer);
    // A daemon that is about to stop or has just begun.
    if (!refusal.success || refusal.data.code === 'NOT_READY') throw new Unreachable(text.slice(0, 200));
    throw new Refused(refusal.data);
  }

  #send(
    method: string,
    path: string,
    { body, wait = 0, signal }: { body?: unknown; wait?: number; signal?: AbortSignal | undefined },
  ): Promise<{ status: number; text: string }> {
    const { at, token } = this.#to;
    const payload = body === undefined ? undefined : JSON.stringify(body);
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          ...('socket' in at ? { socketPath: at.socket, host: 'localhost' } : parts(at.url)),
          agent: this.#agent,
          method,
          path,
          timeout: wait + PATIENCE,
          ...(signal === undefined ? {} : { signal }),
          headers: {
            authorization: `Bearer ${token}`,
            ...(payload === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(payload) }),
          },
        },
        (response) => {
          const chunks: Buffer[] = [];
          let size = 0;
          response.on('data', (chunk: Buffer) => {
            size += chunk.length;
            if (size > MAX_ANSWER) request.destroy(new Error('the answer has no end'));
            else chunks.push(chunk);
          });
          response.on('end', () =>
            resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('utf8') }),
          );
          response.on('error', reject);
        },
      );
      request.on('timeout', () => request.destroy(new Error('no answer in time')));
      request.on('error', reject);
      request.end(payload);
    });
  }
}

function parts(url: string): { host: string; port: string } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port };
}
