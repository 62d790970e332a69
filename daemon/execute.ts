import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { delimiter, dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { Clock } from './ports/clock.ts';
import { endGroup, type Mark } from './process-group.ts';
import { guard, watch } from './watchdog.ts';

/*
 * node:child_process itself: a step needs its own process group, and every member of it to end with the step. execa adds
 * about 40 ms to the first step and signals only the direct child.
 */

/** Fixed search path; Node's own folder comes first so that `node` is the one this daemon runs on. */
export const COMMAND_PATH = [
  dirname(process.execPath),
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/sbin',
  '/bin',
].join(delimiter);

export interface Command {
  argv: readonly string[];
  cwd: string;
  /** The whole environment; nothing is inherited. */
  env: Record<string, string>;
  /** What carries this in its environment is ended too when the step is stopped. */
  mark: Mark;
  /** Bytes of output, both streams together, before the group is stopped. */
  maxOutput: number;
  /** From SIGTERM to SIGKILL, ms. Absent: five seconds. */
  graceMs?: number;
  /** Its standard input. Absent: empty. */
  input?: string;
}

export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
  /** It printed more than `maxOutput` and was stopped. */
  overflow: boolean;
  /** The last words it printed, standard error first: the likely reason of a failure. Not redacted. */
  last: string;
}

export interface ExecDeps {
  clock: Clock;
  signal: AbortSignal;
  /** Told once it runs: the id of its process, group and session. */
  started?: (pid: number) => void;
  /** Back-pressure: the child waits in write(2) until this resolves. */
  log(stream: 'stdout' | 'stderr', chunk: Uint8Array): Promise<void>;
}

/** How long output may still come after the group is gone, ms: someone outside of it may hold the pipe. */
const DRAIN_MS = 1000;
const LAST_BYTES = 2048;

type Child = ChildProcessByStdio<Writable | null, Readable, Readable>;

/**
 * Runs a command in its own session and process group. Resolves when it and all of its group have ended: what a step
 * leaves running in the background ends with it, and all of it with this process, however that ends. When `signal`
 * aborts, the group and everything that carries the attempt get SIGTERM, and SIGKILL when the grace is over. Rejects
 * when it cannot be started.
 */
export async function execute(command: Command, deps: ExecDeps): Promise<Exit> {
  const [file = '', ...args] = command.argv;
  deps.signal.throwIfAborted();
  watch();
  const child = spawn(file, args, {
    cwd: command.cwd,
    env: command.env,
    detached: true,
    stdio: [command.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    windowsHide: true,
  }) as Child;
  const ended = new Promise<{ code: number | null; signal: NodeJS.Signals | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  // A program that does not read its input is none the worse for it.
  child.stdin?.on('error', () => undefined).end(command.input);
  const { pid } = child;
  if (pid === undefined) {
    await ended;
    throw new Error('it has no process id');
  }
  const release = guard(pid, command.mark);
  deps.started?.(pid);

  const flow = new Flow(command.maxOutput, deps.log, () => stop());
  let ending: Promise<void> | undefined;
  let gone = false;
  const stop = (): void => {
    if (!gone) ending ??= endGroup(pid, command.mark, deps.clock, command.graceMs);
  };
  deps.signal.addEventListener('abort', stop, { once: true });
  const pumped = Promise.all([flow.pump('stdout', child.stdout), flow.pump('stderr', child.stderr)]);
  // Awaited below; a log that fails before the child has ended must not be unhandled until then.
  pumped.catch(stop);
  try {
    const { code, signal } = await ended;
    // Its own children in the group end with it; those that made a session of their own only when it is stopped.
    await (ending ?? endGroup(pid, undefined, deps.clock, command.graceMs));
    gone = true;
    await drained(child, flow, pumped, deps);
    return { code, signal, overflow: flow.overflow, last: flow.lastWords() };
  } finally {
    gone = true;
    deps.signal.removeEventListener('abort', stop);
    await ending;
    release();
  }
}

/** Output on its way to the log. */
class Flow {
  overflow = false;
  /** Chunks so far, and whether one waits for room in the log. */
  chunks = 0;
  waiting = 0;
  #bytes = 0;
  readonly #max: number;
  readonly #log: ExecDeps['log'];
  readonly #stop: () => void;
  readonly #last = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };

  constructor(max: number, log: ExecDeps['log'], stop: () => void) {
    this.#max = max;
    this.#log = log;
    this.#stop = stop;
  }

  async pump(name: 'stdout' | 'stderr', pipe: AsyncIterable<Buffer>): Promise<void> {
    for await (const chunk of pipe) {
      this.chunks++;
      if (this.overflow) continue;
      this.#bytes += chunk.length;
      this.#last[name] = Buffer.concat([this.#last[name], chunk]).subarray(-LAST_BYTES);
      if (this.#bytes > this.#max) {
        this.overflow = true;
        this.#stop();
        continue;
      }
      this.waiting++;
      await this.#log(name, chunk);
      this.waiting--;
    }
  }

  lastWords(): string {
    return lastLine(whole(this.#last.stderr)) || lastLine(whole(this.#last.stdout));
  }
}

/** Waits for the rest of the output: as long as it flows or the log makes it wait, unless the step is being stopped. */
async function drained(child: Child, flow: Flow, pumped: Promise<unknown>, deps: ExecDeps): Promise<void> {
  for (let before = -1; before !== flow.chunks || (flow.waiting > 0 && !deps.signal.aborted);) {
    before = flow.chunks;
    const done = new AbortController();
    const pause = deps.clock.sleep(DRAIN_MS, { signal: done.signal }).catch(() => undefined);
    try {
      if ((await Promise.race([pumped.then(() => 'all'), pause])) === 'all') return;
    } finally {
      done.abort();
    }
  }
  child.stdout.destroy();
  child.stderr.destroy();
}

/** Without a line whose beginning is cut off: half of a secret would not be known for one. */
function whole(bytes: Buffer): Buffer {
  return bytes.length < LAST_BYTES ? bytes : bytes.subarray(bytes.indexOf('\n') + 1 || bytes.length);
}

/** The last line that says something: not a stack frame, nor the version Node prints below an error. */
function lastLine(bytes: Buffer): string {
  const lines = bytes.toString('utf8').split('\n');
  const said = lines.findLast((line) => /\w/.test(line) && !/^\s+at |^Node\.js v/.test(line));
  return (said ?? '').trim();
}
