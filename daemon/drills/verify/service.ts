import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { nodeHttp } from '../../node-http.ts';
import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { ReeveError, fail } from '../../../contracts/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { DriverContext } from '../driver.ts';
import { lastWords, markOf, runProgram, type ProgramDeps } from '../programs.ts';
import { listening, type Listening, type Started } from './listeners.ts';

/** A service that is started on the restored data and asked, on a port of 127.0.0.1 that is free. */
export const ServiceOptions = z.strictObject({
  /** argv. `{port}` and `{restored}` in an argument are filled; both are variables, too: PORT and REEVE_RESTORED. */
  command: z.array(z.string().min(1).max(1000)).min(1).max(50),
  ask: z.union([
    z.strictObject({
      http: z.string().regex(/^\/[^\s]{0,500}$/, 'a path that begins with /'),
      status: z.int().min(100).max(599).default(200),
      contains: z.string().max(1000).optional(),
    }),
    z.strictObject({ tcp: z.literal(true) }),
  ]),
  /** Time until the right answer must be there. */
  within: Duration.default(30_000),
  /** `own`: only an answer of what was started counts. `any`: it listens through another process, as a container does. */
  listener: z.enum(['own', 'any']).default('own'),
});
export type ServiceOptions = z.infer<typeof ServiceOptions>;

export interface Restored {
  /** The restored folder or file. */
  restored: string;
  /** Where the service is started, when that is no folder. */
  cwd?: string;
  /** What it needs to find the data, such as DATABASE_URL. */
  env?: Record<string, string>;
}

const MAX_BODY = 64 * 1024;
const PAUSE_MS = 50;
/** Ports that are tried when others take them. */
const PORTS = 3;
const ONE_MS = 5000;

/**
 * Starts the service, asks until the answer is right, and ends it with everything it started, whichever way this settles.
 * A port is free when it is chosen, not when the service takes it: an answer counts only when what was started held the
 * port, and on one that another process holds nothing is asked; the service is started again on another.
 *
 * @throws SERVICE_NOT_ANSWERING
 */
export async function askService(
  deps: ProgramDeps,
  context: DriverContext,
  options: ServiceOptions,
  restored: Restored,
): Promise<string> {
  const until = deps.clock.monotonic() + options.within;
  for (let left = PORTS; ; left--) {
    const port = await freePort();
    const answer = await askOn(deps, context, options, restored, { port, until });
    if (!('taken' in answer)) return answer.said;
    const why = `its port ${port} was taken by ${answer.taken}`;
    if (left <= 1)
      throw fail('SERVICE_NOT_ANSWERING', {
        why: `${why}; a service that listens through another process, as in a container, needs \`listener: any\``,
        job: context.job_id,
      });
    await context.log(`${why}; it is started again on another\n`);
  }
}

async function askOn(
  deps: ProgramDeps,
  context: DriverContext,
  options: ServiceOptions,
  { restored, cwd = restored, env = {} }: Restored,
  { port, until }: { port: number; until: number },
): Promise<{ said: string } | { taken: string }> {
  const [program = '', ...args] = options.command.map((word) =>
    word.replaceAll('{port}', String(port)).replaceAll('{restored}', restored),
  );
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const started: Started = { pid: undefined, mark: markOf(context) };
  let why = 'it was not asked yet';
  let over: string | undefined;
  const running = runProgram(deps, context, {
    program,
    args,
    env: { ...env, PORT: String(port), REEVE_RESTORED: restored },
    cwd,
    package: 'what the service is started with',
    signal,
    started: (pid) => (started.pid = pid),
  })
    .then((ran) => (over = `it ended by itself: ${lastWords(ran)}`))
    .catch((error: unknown) => {
      over = error instanceof Error ? error.message : String(error);
      if (error instanceof ReeveError && error.code === 'PROGRAM_MISSING') return;
      if (!stop.signal.aborted && !context.signal.aborted) throw error;
    });
  // Looked at when the question is over; until then it must not be unhandled.
  running.catch(() => undefined);
  const who = async (): Promise<Listening | undefined> =>
    options.listener === 'any' ? undefined : listening(port, started);
  try {
    while (deps.clock.monotonic() < until) {
      context.signal.throwIfAborted();
      // Before the look at who has the port: what ended after that may have found it taken in between.
      const ended = over;
      const before = await who();
      if (before?.foreign !== undefined) return { taken: before.foreign };
      if (ended !== undefined) throw fail('SERVICE_NOT_ANSWERING', { why: ended, job: context.job_id });
      if (before?.sockets.length === 0) {
        // Whoever takes the port in this moment is not to be asked.
        why = 'nothing listens on its port';
        await deps.clock.sleep(PAUSE_MS, { signal: context.signal });
        continue;
      }
      const limit = AbortSignal.any([signal, timeLimit(deps.clock, Math.min(ONE_MS, options.within))]);
      const answer = await ('http' in options.ask ? askHttp(port, options.ask, limit) : askTcp(port, limit));
      if (answer.right) {
        const after = await who();
        if (after?.foreign !== undefined) return { taken: after.foreign };
        // The very sockets that were there before it was asked: nobody else can have answered.
        if (before === undefined || String(before.sockets) === String(after?.sockets)) return answer;
      }
      why = answer.said;
      await deps.clock.sleep(PAUSE_MS, { signal: context.signal });
    }
    throw fail('SERVICE_NOT_ANSWERING', { why: `${why}, for ${options.within} ms`, job: context.job_id });
  } finally {
    stop.abort(new Error('the service has been asked'));
    await running;
  }
}

function timeLimit(clock: Clock, ms: number): AbortSignal {
  const limit = new AbortController();
  clock.after(ms, () => limit.abort(new Error('no answer in time')));
  return limit.signal;
}

interface Said {
  right: boolean;
  said: string;
}

function askHttp(
  port: number,
  ask: { http: string; status: number; contains?: string | undefined },
  signal: AbortSignal,
): Promise<Said> {
  return new Promise((resolve) => {
    const wrong = (error: Error): void => resolve({ right: false, said: error.message });
    const asked = nodeHttp().request(
      { host: '127.0.0.1', port, path: ask.http, signal, agent: false },
      (answer) => {
        let body = '';
        answer.setEncoding('utf8');
        answer.on('data', (part: string) => {
          body += part;
          if (body.length > MAX_BODY)
            answer.destroy(new Error(`it answered with more than ${MAX_BODY} bytes`));
        });
        answer.on('error', wrong);
        answer.on('end', () => {
          const { statusCode = 0 } = answer;
          if (statusCode !== ask.status)
            resolve({ right: false, said: `it answered with status ${statusCode}` });
          else if (ask.contains !== undefined && !body.includes(ask.contains))
            resolve({ right: false, said: `its answer does not contain ${JSON.stringify(ask.contains)}` });
          else resolve({ right: true, said: `GET ${ask.http}: ${statusCode}` });
        });
      },
    );
    asked.on('error', wrong);
    asked.end();
  });
}

function askTcp(port: number, signal: AbortSignal): Promise<Said> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port, signal }, () => {
      socket.destroy();
      resolve({ right: true, said: 'it takes connections' });
    });
    socket.on('error', (error) => resolve({ right: false, said: error.message }));
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}
