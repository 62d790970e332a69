import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Reply } from '../../contracts/reply.ts';

export const REPO = path.resolve(import.meta.dirname, '..', '..');
const MAIN = path.join(REPO, 'cli', 'main.ts');
/** What people start: from the snapshot when there is a right one. */
const REEVE = path.join(REPO, 'cli', 'reeve');

export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

interface PlaceOptions {
  /** Text of reeve.yaml, and runbooks by file name; absent: copies of what ships. */
  estate?: string;
  runbooks?: Record<string, string>;
  /** Another folder for the home. */
  home?: string;
}

interface StartOptions {
  /** Further words of `reeve up`. Default `--no-drill`. */
  args?: string[];
  /** A program, with its arguments, that the daemon is started through. */
  through?: string[];
}

/** A daemon as a process of its own. */
export interface Daemon {
  pid: number;
  child: ChildProcess;
  /** What it has printed. */
  said(): string;
  /** Sends a signal and waits for the end; answers how it ended, as a shell would tell it: status, or 128 + signal. */
  end(signal: NodeJS.Signals): Promise<number>;
  /** Resolves when it has ended by itself. */
  ended: Promise<number>;
}

/** A temporary home and estate, the daemons started on them and the CLI run against them. */
export class Place {
  readonly base: string;
  readonly home: string;
  readonly estate: string;
  readonly #daemons: Daemon[] = [];

  private constructor(base: string, home: string) {
    this.base = base;
    this.home = home;
    this.estate = path.join(base, 'estate');
  }

  static async make(options: PlaceOptions = {}): Promise<Place> {
    const base = await mkdtemp(path.join(os.tmpdir(), 'reeve-e2e-'));
    const place = new Place(base, options.home ?? path.join(base, 'home'));
    await mkdir(path.join(place.estate, 'runbooks'), { recursive: true });
    if (options.estate === undefined)
      await cp(path.join(REPO, 'reeve.yaml'), path.join(place.estate, 'reeve.yaml'));
    else await place.write('reeve.yaml', options.estate);
    if (options.runbooks === undefined)
      await cp(path.join(REPO, 'runbooks'), path.join(place.estate, 'runbooks'), { recursive: true });
    for (const [name, text] of Object.entries(options.runbooks ?? {}))
      await place.write(path.join('runbooks', name), text);
    return place;
  }

  write(name: string, text: string): Promise<void> {
    return writeFile(path.join(this.estate, name), text);
  }
  /** A file of the estate; empty when there is none. */
  read(name: string): Promise<string> {
    return readFile(path.join(this.estate, name), 'utf8').catch(() => '');
  }

  get #env(): NodeJS.ProcessEnv {
    const PATH = process.env['PATH'] ?? '';
    return { PATH, HOME: this.base, TZ: 'UTC', REEVE_HOME: this.home, REEVE_PORT: '0' };
  }

  /** Starts `reeve up` without waiting. */
  launch({ args = ['--no-drill'], through = [] }: StartOptions = {}): Daemon {
    const [file = REEVE, ...words] = [...through, REEVE, 'up', ...args];
    const child = spawn(file, words, { cwd: this.estate, env: this.#env, stdio: ['ignore', 'pipe', 'pipe'] });
    let text = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe?.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const ended = once(child, 'close').then(([code, signal]) =>
      typeof code === 'number' ? code : 128 + os.constants.signals[signal as NodeJS.Signals],
    );
    const daemon: Daemon = {
      pid: child.pid ?? 0,
      child,
      said: () => text,
      ended,
      end: (signal) => {
        child.kill(signal);
        return ended;
      },
    };
    this.#daemons.push(daemon);
    return daemon;
  }

  /** Starts a daemon and waits until it answers and has said all it says at the start. */
  async start(options: StartOptions = {}): Promise<Daemon> {
    const daemon = this.launch(options);
    let over = false;
    void daemon.ended.then(() => (over = true));
    await until(() => over || daemon.said().includes('Ctrl-C stops it'));
    if (over) throw new Error(`the daemon did not start:\n${daemon.said()}`);
    return daemon;
  }

  /** Runs the CLI without a terminal. `onOut` is called with what stdout has so far. */
  reeve(args: readonly string[], options: { onOut?: (out: string) => void } = {}): Promise<Ran> {
    const child = spawn(process.execPath, [MAIN, ...args], {
      cwd: this.estate,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const ran: Ran = { code: null, out: '', err: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      ran.out += text;
      options.onOut?.(ran.out);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (ran.err += text));
    return new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => resolve({ ...ran, code }));
    });
  }

  /** Runs the CLI with `--json` and answers the document, which must be the only thing on stdout. */
  async json(args: readonly string[]): Promise<Partial<Reply> & { exit: number | null }> {
    const { code, out, err } = await this.reeve([...args, '--json']);
    try {
      return { ...(JSON.parse(out) as Reply), exit: code };
    } catch (error) {
      throw new Error(`reeve ${args.join(' ')} --json printed no JSON:\n${out}\n${err}`, { cause: error });
    }
  }

  /** Every record of the ledger, read from its files. */
  async records(type: string): Promise<{ seq: number; ts: number; body: Record<string, unknown> }[]> {
    const folder = path.join(this.home, 'ledger');
    const names = (await readdir(folder)).filter((name) => name.endsWith('.jsonl')).toSorted();
    const found = [];
    for (const name of names)
      for (const line of (await readFile(path.join(folder, name), 'utf8')).split('\n')) {
        if (!line.endsWith('}')) continue;
        const record = JSON.parse(line) as { seq: number; ts: number; type: string; body: never };
        if (record.type === type) found.push(record);
      }
    return found;
  }

  /** Ends what was started here, and removes everything. */
  async close(): Promise<void> {
    for (const daemon of this.#daemons)
      if (daemon.child.exitCode === null && daemon.child.signalCode === null) await daemon.end('SIGKILL');
    await rm(this.base, { recursive: true, force: true, maxRetries: 20 });
  }
}

/** Waits until something holds; the test's own limit ends what never does. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

/** A process that still runs (a zombie does not). */
export async function alive(pid: number): Promise<boolean> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  return text !== '' && !/\) [ZX] /.test(text);
}
