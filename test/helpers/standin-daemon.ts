import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CommandRequest, JobDetail, StatusView, StreamEvent } from '../../contracts/api.ts';
import type { Catalogue, CommandSpec } from '../../contracts/catalogue.ts';
import type { Reply } from '../../contracts/reply.ts';

export interface Asked {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: CommandRequest | undefined;
}

export interface Canned {
  status?: StatusView;
  commands?: CommandSpec[];
  reply?: (request: CommandRequest) => Partial<Reply> | { status: number; body: unknown };
  job?: () => JobDetail;
  lines?: { step: string; stream: string; line: string }[];
  /** What a stream sends, one array for each connection; a number pauses (ms), `null` ends it, else it stays open. */
  streams?: ({ id?: number; event: StreamEvent } | number | null)[][];
  /** Answers everything itself. */
  raw?: (request: IncomingMessage, response: ServerResponse) => void;
}

/** A real HTTP server on the socket of a home of its own that says what it is told to say. */
export class StandinDaemon {
  readonly home = mkdtempSync(join(tmpdir(), 'reeve-cli-'));
  readonly asked: Asked[] = [];
  readonly canned: Canned;
  readonly #server: Server;
  #streams = 0;

  constructor(canned: Canned) {
    this.canned = canned;
    this.#server = createServer((request, response) => void this.#answer(request, response));
  }

  get socket(): string {
    return join(this.home, 'reeve.sock');
  }
  /** Bodies of the commands that arrived. */
  get commands(): CommandRequest[] {
    return this.asked.flatMap((a) => (a.body === undefined ? [] : [a.body]));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(this.socket, resolve));
    return this;
  }
  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20 });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    const path = request.url ?? '';
    const body = text === '' ? undefined : (JSON.parse(text) as CommandRequest);
    this.asked.push({ method: request.method ?? '', path, headers: request.headers, body });
    const { canned } = this;
    if (canned.raw !== undefined) return canned.raw(request, response);
    if (path === '/v1/status') return json(response, 200, canned.status ?? STATUS);
    if (path === '/v1/catalogue') return json(response, 200, catalogueOf(canned.commands ?? []));
    if (path === '/v1/commands' && body !== undefined) {
      const answer = canned.reply?.(body) ?? {};
      if ('body' in answer) return json(response, answer.status, answer.body);
      const reply = replyOf(body.command, answer);
      return json(response, reply.error?.status ?? 200, reply);
    }
    if (path.endsWith('/logs')) return json(response, 200, { job_id: JOB, lines: canned.lines ?? [] });
    if (path.startsWith('/v1/jobs/') && canned.job !== undefined) return json(response, 200, canned.job());
    if (path.startsWith('/v1/events')) return this.#stream(response);
    const error = { code: 'ROUTE_NOT_FOUND', status: 404, message: `nothing at ${path}`, hint: '' };
    return json(response, 404, error);
  }

  async #stream(response: ServerResponse): Promise<void> {
    const events = this.canned.streams?.[this.#streams++] ?? [];
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('retry: 1000\nid: 0\n\n: alive\n\n');
    for (const item of events) {
      if (typeof item === 'number') {
        await sleep(item);
        continue;
      }
      if (item === null) return void response.end();
      const id = item.id === undefined ? '' : `id: ${item.id}\n`;
      response.write(`${id}event: ${item.event.event}\ndata: ${JSON.stringify(item.event)}\n\n`);
    }
  }
}

const json = (response: ServerResponse, status: number, body: unknown): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
};

export const replyOf = (command: string, part: Partial<Reply>): Reply => ({
  v: 1,
  command,
  ok: part.error === undefined,
  tone: 'info',
  title: `did ${command}`,
  blocks: [],
  data: {},
  ...part,
});

const catalogueOf = (commands: CommandSpec[]): Catalogue => ({
  v: 1,
  digest: `sha256:${String(JSON.stringify(commands).length).padStart(64, '0')}`,
  reeve: '0.1.0',
  commands,
});

/** A command of the catalogue with the dull parts filled in. */
export const specOf = (name: string, part: Partial<CommandSpec> = {}): CommandSpec => ({
  name,
  summary: `about ${name}`,
  group: 'Look',
  verb: 'view',
  kind: 'read',
  destructive: false,
  args: [],
  examples: [`${name} --json`],
  aliases: [],
  ...part,
});

export const JOB = `job_${'1f2e3d4c'.repeat(4)}`;
const DIGEST = `sha256:${'ab'.repeat(32)}`;

export const STATUS: StatusView = {
  reeve: '0.1.0',
  pid: 4711,
  home: '/home/of/reeve',
  started: Date.UTC(2026, 0, 2, 3, 4, 5),
  estate: 'my-estate',
  address: '127.0.0.1:7333',
  ledger: { size: 1204, root: '3f'.repeat(32), writable: true },
  jobs: { running: 1, queued: 2, unknown: 0 },
  halted: [],
  paused: null,
  grants_active: 3,
  requests_open: 0,
  requests_lapsed: 0,
  reviews_open: 0,
  config_refused: [],
  incidents: { open: 0, page: 0, newest: [] },
  last_drill: {
    drill: 'self-restore',
    verdict: 'PASS',
    at: Date.UTC(2026, 0, 2, 3, 5, 5),
    rpo_ms: 0,
    rto_ms: 1234,
  },
  last_jobs: [{ id: JOB, title: 'Self restore', status: 'PASS', at: Date.UTC(2026, 0, 2, 3, 5, 5) }],
};

/** A job as GET /v1/jobs/:id has it. */
export const jobOf = (
  status: JobDetail['status'],
  part: Partial<JobDetail['attempts'][number]> = {},
): JobDetail => ({
  spec: {
    job_id: JOB,
    action: 'run_drill',
    runbook: 'self-restore',
    runbook_digest: DIGEST,
    config_version: DIGEST,
    plan_digest: DIGEST,
    project: 'reeve',
    env: 'none',
    inputs: {},
    inputs_digest: DIGEST,
    anchor: { kind: 'nonce', id: 'n' },
    requested_by: 'owner',
    grant_id: `gr_${'0'.repeat(24)}`,
    reason: 'test',
    plan: { ref: `artifact:${DIGEST}` },
  },
  title: 'Self restore',
  status,
  queued_at: 1_700_000_000_000,
  attempts: [
    {
      record: {
        job_id: JOB,
        attempt_id: `${JOB}.1`,
        status,
        created_at_utc: '2026-01-02T03:04:05.678Z',
        updated_at_utc: '2026-01-02T03:04:05.678Z',
      },
      fence: 1,
      steps: [],
      started_at: 1_700_000_000_000,
      ...part,
    },
  ],
});
