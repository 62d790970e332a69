import http from 'node:http';
import { createHash } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { CommandRequest } from '../../contracts/api.ts';
import { fail } from '../../contracts/errors.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { Reply } from '../../contracts/reply.ts';
import { nodeFs } from '../../daemon/fs.ts';
import type { Credential, HttpRefusal, ServerDeps } from '../../daemon/http/context.ts';
import { createServer, type ApiServer, type Listening } from '../../daemon/http/server.ts';
import { ensureOwnerToken, ownerVerifier } from '../../daemon/http/token.ts';
import type { Artifacts } from '../../daemon/ports/artifacts.ts';
import type { Caller, Door } from '../../daemon/ports/door.ts';
import type { Jobs, JobView } from '../../daemon/ports/jobs.ts';
import type { LiveEvent } from '../../daemon/ports/live.ts';
import { newSigner, openTest, tempDir, type Opened } from './ledger.ts';

export interface World extends Opened {
  server: ApiServer;
  at: Listening;
  token: string;
  home: string;
  refusals: HttpRefusal[];
  logged: { message: string; fields: object }[];
  /** What the door got, in order. */
  admitted: { caller: Caller; request: CommandRequest }[];
  identified: Credential[];
  /** Jobs the API knows. */
  jobs: JobView[];
  /** What each of them printed; empty: a line. */
  logs: Awaited<ReturnType<Jobs['logs']>>;
  /** Artifact bytes by digest. */
  store: Map<string, Uint8Array>;
  /** `verb project env` → false takes the right away. */
  denied: Set<string>;
  publish(event: LiveEvent): void;
}

export const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
export const jobId = (n: number): string => `job_${String(n).padStart(32, '0')}`;

/** A running API on a real socket, a real TCP port and a real ledger, with a door that answers what it was asked. */
export async function apiWorld(over: Partial<ServerDeps> = {}): Promise<World> {
  const home = await tempDir('reeve-api-');
  await chmod(home, 0o700);
  const opened = await openTest(join(home, 'ledger'), newSigner());
  const world = {
    refusals: [] as HttpRefusal[],
    logged: [] as World['logged'],
    admitted: [] as World['admitted'],
    identified: [] as Credential[],
    jobs: [] as JobView[],
    logs: [] as World['logs'],
    store: new Map<string, Uint8Array>(),
    denied: new Set<string>(),
  };
  const listeners = new Set<(event: LiveEvent) => void>();
  const token = await ensureOwnerToken(nodeFs, home);
  const note =
    (level: string) =>
    (message: string, fields: object = {}): void =>
      void world.logged.push({ message: `${level}: ${message}`, fields });
  const server = await createServer({
    ...opened,
    door: echoDoor(world.admitted),
    identify: (credential) => {
      world.identified.push(credential);
      return {
        person: 'owner',
        via: credential.client,
        account: credential.transport,
        interactive: false,
      };
    },
    access: (_caller, verb, project, env) =>
      ![verb, `${verb} ${project}`, `${verb} ${project} ${env}`].some((key) => world.denied.has(key)),
    projects: () => ['shop', 'reeve'],
    proof: async (seq) => `proof of ${seq}\n`,
    live: {
      publish: (event) => listeners.forEach((listener) => listener(event)),
      subscribe: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    status: () => ({
      reeve: '0.0.0-test',
      pid: process.pid,
      home,
      started: 1,
      estate: 'test',
      address: '127.0.0.1',
      ledger: { ...opened.ledger.head(), writable: true },
      jobs: { running: 0, queued: 0, unknown: 0 },
      halted: [],
      paused: null,
      grants_active: 0,
      requests_open: 0,
      requests_lapsed: 0,
      reviews_open: 0,
      config_refused: [],
      incidents: { open: 0, page: 0, newest: [] },
      last_drill: null,
      last_jobs: [],
    }),
    jobs: listedJobs(world.jobs, world.logs),
    chat: noChat,
    cosign: { look: async () => noKey(), decide: async () => noKey() },
    webhooks: {
      limits: async () => undefined,
      receive: async () => {
        throw fail('WEBHOOK_UNKNOWN', { source: 'x' });
      },
    },
    artifacts: mapArtifacts(world.store),
    push: async () => {
      throw fail('PROBE_UNKNOWN', { name: 'x', help: 'y' });
    },
    metrics: async () => 'reeve_test 1\n',
    ready: () => ({ ready: true, checks: [{ name: 'ledger', ok: true }] }),
    refused: async (refusal) => {
      world.refusals.push(refusal);
      return world.refusals.length;
    },
    verifiers: [ownerVerifier(token)],
    fs: nodeFs,
    log: { level: 'debug', debug: note('debug'), warn: note('warn'), error: note('error') },
    home,
    port: 0,
    version: '0.0.0-test',
    ...over,
  });
  const at = await server.listen();
  onTestFinished(async () => {
    const closed = server.close(0);
    await opened.clock.advance(1);
    await closed;
    await opened.ledger.close();
  });
  return {
    ...opened,
    ...world,
    server,
    at,
    token,
    home,
    publish: (event) => listeners.forEach((l) => l(event)),
  };
}

function echoDoor(admitted: World['admitted']): Door {
  return {
    async admit(caller, request) {
      admitted.push({ caller, request });
      const base: Reply = {
        v: 1,
        command: request.command,
        ok: true,
        tone: 'good',
        title: 'done',
        blocks: [],
        data: JSON.stringify(request.args ?? {}),
      };
      if ((request.reason ?? '').length <= 2000) return base;
      const error = fail('REASON_TOO_LONG', { max: 2000 }).toResponse();
      return { ...base, ok: false, tone: 'bad', title: 'refused', data: null, error };
    },
    catalogue: async () => ({ v: 1, digest: digestOf('catalogue'), reeve: '0.0.0-test', commands: [] }),
  };
}

function listedJobs(jobs: readonly JobView[], logs: World['logs']): Jobs {
  const no = async (): Promise<never> => Promise.reject(new Error('not part of these tests'));
  return {
    idOf: () => jobId(0),
    submit: no,
    wait: no,
    cancel: no,
    retry: no,
    asking: () => false,
    list: (filter = {}) =>
      jobs
        .filter((job) => filter.project === undefined || job.spec.project === filter.project)
        .slice(0, filter.limit ?? Infinity),
    get: async (id) => {
      const job = jobs.find((j) => j.spec.job_id === id || j.spec.job_id.startsWith(`job_${id}`));
      if (job === undefined) throw fail('JOB_NOT_FOUND', { id });
      return job;
    },
    logs: async (id) =>
      logs.length > 0 ? logs : [{ step: 'one', stream: 'stdout', line: `a line of ${id}` }],
    counts: () => ({ running: 0, queued: 0, unknown: 0 }),
    locks: () => [],
    stealLock: no,
    known: (id) => jobs.some((job) => job.spec.job_id === id),
    precheck: no,
    resolve: no,
    drain: async () => undefined,
    requireReadable: async (digest) => {
      for (const { attempts } of jobs) {
        const made = attempts.find((a) => a.artifacts?.some((ref) => ref.digest === digest));
        if (made !== undefined && made.record.status !== 'PASS') {
          throw fail('ARTIFACT_GATED', { digest, status: made.record.status });
        }
      }
    },
  };
}

function mapArtifacts(store: ReadonlyMap<string, Uint8Array>): Artifacts {
  const get = async (digest: string): Promise<Uint8Array> => {
    const bytes = store.get(digest);
    if (bytes === undefined) throw fail('ARTIFACT_NOT_FOUND', { digest });
    return bytes;
  };
  return {
    put: () => Promise.reject(new Error('not part of these tests')),
    get,
    async *stream(digest) {
      yield await get(digest);
    },
    has: async (digest) => store.has(digest),
  };
}

/** A job as the engine shows it. */
export function jobView(n: number, project: string, status: JobStatus, artifact?: string): JobView {
  const id = jobId(n);
  const digest = digestOf('x');
  return {
    spec: {
      job_id: id,
      action: 'run',
      runbook: 'demo',
      runbook_digest: digest,
      config_version: digest,
      plan_digest: digest,
      project,
      env: 'prod',
      inputs: {},
      inputs_digest: digest,
      anchor: { kind: 'nonce', id: 'n' },
      requested_by: 'owner',
      grant_id: `gr_${'0'.repeat(24)}`,
      reason: 'test',
      plan: { ref: `artifact:${digestOf(`plan ${n}`)}`, digest: digestOf(`plan ${n}`) },
    },
    title: `Job ${n}`,
    status,
    queued_at: 1,
    attempts: [
      {
        record: {
          job_id: id,
          attempt_id: `${id}.1`,
          status,
          created_at_utc: '2026-01-02T03:04:05.678Z',
          updated_at_utc: '2026-01-02T03:04:05.678Z',
        },
        fence: 1,
        steps: [],
        ...(artifact === undefined
          ? {}
          : {
              artifacts: [
                { ref: `artifact:${artifact}`, digest: artifact, mediaType: 'text/html', name: 'x\n".html' },
              ],
            }),
      },
    ],
  };
}

export interface Answer {
  status: number;
  headers: http.IncomingHttpHeaders;
  text: string;
  json: Record<string, unknown>;
}

export interface Ask {
  method?: string;
  path: string;
  headers?: Record<string, string | string[] | number>;
  body?: string | Uint8Array;
}

/** One request over the socket, or over TCP with the owner's token unless told otherwise. */
export function ask(
  world: World,
  over: 'socket' | 'tcp',
  { method = 'GET', path, headers = {}, body }: Ask,
): Promise<Answer> {
  const to =
    over === 'socket'
      ? { socketPath: world.at.socket, headers }
      : {
          host: '127.0.0.1',
          port: world.at.port,
          headers: { authorization: `Bearer ${world.token}`, ...headers },
        };
  return new Promise((resolve, reject) => {
    const request = http.request({ ...to, method, path, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        let json: Record<string, unknown> = {};
        if (/^\s*\{/.test(text) && String(response.headers['content-type']).includes('json'))
          json = JSON.parse(text);
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json });
      });
    });
    request.on('error', reject);
    request.end(body);
  });
}

export const post = (
  world: World,
  over: 'socket' | 'tcp',
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Answer> =>
  ask(world, over, {
    method: 'POST',
    path: '/v1/commands',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body),
  });

/** An API that no bot may call. */
const none = (): Promise<never> => Promise.reject(fail('CHAT_NOT_CONFIGURED', { platform: 'test' }));
const noChat: ServerDeps['chat'] = {
  verify: () => undefined,
  session: none,
  relay: none,
  posts: none,
  posted: none,
  job: none,
  log: none,
  threads: none,
  heard: none,
  closed: none,
  receive: none,
  deliveries: none,
  delivered: () => undefined,
  quiet: () => undefined,
};

const noKey = (): never => {
  throw fail('COSIGN_KEY_UNKNOWN', { kid: 'key_0000000000000000' });
};
