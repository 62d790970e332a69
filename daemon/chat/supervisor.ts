import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Platform } from '../../contracts/chat.ts';
import { helpersGiveWay } from '../helper-threads.ts';
import type { Clock } from '../ports/clock.ts';

/** A bot that should run. */
export interface BotProgram {
  platform: Platform;
  /** Absolute path of its main file. */
  file: string;
  /** All of its environment: nothing is inherited. */
  env: Record<string, string>;
}

interface Deps {
  clock: Clock;
  /** The bots that should run now. */
  wanted(): Promise<BotProgram[]>;
  log(level: 'info' | 'warn' | 'error', message: string, fields: Record<string, unknown>): void;
}

/** Pause before a bot that ended is started again, ms: doubled each time, and forgotten when it ran for a minute. */
const PAUSE = { first: 1000, longest: 60_000, forget: 60_000 } as const;
/**
 * A bot idles for weeks: collecting now and then gives back what its start and bursts have left. One helper of V8 in place of
 * four leaves a core of a small machine to whoever acknowledges (bench/chat.ts).
 */
export const BOT_FLAGS = ['--max-semi-space-size=16', '--v8-pool-size=1', '--expose-gc'];
/** A process has its helper threads long before, ms. */
const STARTED = 1000;
/** From SIGTERM to SIGKILL, ms. */
const GRACE = 2000;

interface Running {
  /** What it was started with: another makes another process. Empty: it ended, and is to be started. */
  key: string;
  child: ChildProcess | undefined;
  cancel: () => void;
}

/**
 * Keeps the bots running: starts what should run, ends what should not, and starts again what ended by itself. Their stdin
 * is a pipe of this process, so they end with it however it ends.
 */
export class Supervisor {
  readonly #deps: Deps;
  readonly #bots = new Map<Platform, Running>();
  readonly #pauses = new Map<Platform, number>();
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Looks at what should run. One at a time, in order. */
  look(): Promise<void> {
    this.#looking = this.#looking
      .then(() => this.#settle())
      .catch((error: unknown) => {
        this.#deps.log('error', 'the bots could not be looked after', { error: String(error) });
      });
    return this.#looking;
  }

  /** Ends all of them; resolves when they have ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#looking;
    await Promise.all([...this.#bots.keys()].map((platform) => this.#end(platform)));
  }

  /** Process ids of the bots that run. */
  pids(): Partial<Record<Platform, number>> {
    return Object.fromEntries([...this.#bots].map(([platform, { child }]) => [platform, child?.pid]));
  }

  async #settle(): Promise<void> {
    if (this.#stopped) return;
    const wanted = new Map((await this.#deps.wanted()).map((program) => [program.platform, program]));
    for (const [platform, { key }] of this.#bots) {
      const program = wanted.get(platform);
      if (program === undefined || keyOf(program) !== key) await this.#end(platform);
    }
    for (const [platform, program] of wanted) {
      if (this.#stopped || this.#bots.has(platform)) continue;
      const bot: Running = { key: keyOf(program), child: undefined, cancel: () => undefined };
      this.#bots.set(platform, bot);
      this.#start(program, bot);
    }
  }

  #start(program: BotProgram, bot: Running): void {
    const { clock, log } = this.#deps;
    const { platform, file, env } = program;
    const began = clock.monotonic();
    const child = spawn(process.execPath, [...BOT_FLAGS, file], { env, stdio: ['pipe', 'ignore', 'pipe'] });
    bot.child = child;
    log('info', 'a bot is started', { platform, pid: child.pid });
    createInterface({ input: child.stderr }).on('line', (line) =>
      log('info', `${platform} bot`, { said: said(line) }),
    );
    const cancelWay = clock.after(STARTED, () => void helpersGiveWay(child.pid ?? 0));
    // A bot that ended has nothing to be written to.
    child.stdin.on('error', () => undefined);
    let over = false;
    const ended = (how: string): void => {
      if (over) return;
      over = true;
      cancelWay();
      bot.child = undefined;
      if (this.#bots.get(platform) !== bot || this.#stopped) return;
      const lasted = clock.monotonic() - began >= PAUSE.forget;
      const pause = lasted ? PAUSE.first : (this.#pauses.get(platform) ?? PAUSE.first);
      this.#pauses.set(platform, Math.min(pause * 2, PAUSE.longest));
      log('warn', 'a bot ended and is started again', { platform, how, after_ms: pause });
      bot.cancel = clock.after(pause, () => {
        bot.key = '';
        // What should run is looked up anew: another token, say, or no bot at all.
        void this.look();
      });
    };
    child.once('error', (error) => ended(String(error)));
    child.once('exit', (code, signal) => ended(signal ?? `status ${code}`));
  }

  async #end(platform: Platform): Promise<void> {
    const bot = this.#bots.get(platform);
    this.#bots.delete(platform);
    bot?.cancel();
    const child = bot?.child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#deps.clock.after(GRACE, () => child.kill('SIGKILL'));
      child.once('exit', () => {
        cancel();
        resolve();
      });
      child.kill('SIGTERM');
    });
  }
}

const keyOf = ({ file, env }: BotProgram): string => JSON.stringify([file, env]);

/** A bot says lines of JSON; whatever else it prints is shown as it is, cut. */
function said(line: string): unknown {
  try {
    return JSON.parse(line) as unknown;
  } catch {
    return line.slice(0, 500);
  }
}
