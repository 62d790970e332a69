import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeBundle } from '../scripts/bundle.ts';
import { makeSnapshot } from '../scripts/snapshot.ts';
import type { Bench } from './types.ts';

const REEVE = fileURLToPath(new URL('../cli/reeve', import.meta.url));
/** A start slower than this has failed, ms. */
const PATIENCE = 30_000;

/** Wall time of a process from spawn to exit, ms. */
function wall(command: string, args: readonly string[], home: string): Promise<number> {
  const began = performance.now();
  const child = spawn(command, args, { env: environment(home), stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => {
      const ms = performance.now() - began;
      if (code === 0) resolve(ms);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${said}`));
    });
  });
}

const environment = (home: string): NodeJS.ProcessEnv => ({ ...process.env, REEVE_HOME: home });
const bareNode = (home: string): Promise<number> => wall(process.execPath, ['-e', '0'], home);

/** A daemon on a home of its own, as `reeve up` starts it. */
class Daemon {
  readonly home: string;
  #child: ChildProcess | undefined;
  #settled = Promise.withResolvers<void>();
  constructor() {
    this.home = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('the daemon is not running');
    return pid;
  }

  /** Ms from spawn to the first 200 of /readyz. */
  async start(args: readonly string[] = ['--no-drill']): Promise<number> {
    this.#settled = Promise.withResolvers();
    const began = performance.now();
    const child = spawn(REEVE, ['up', '--port', '0', ...args], {
      env: environment(this.home),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    let said = '';
    for (const pipe of [child.stdout, child.stderr])
      pipe.on('data', (chunk: Buffer) => {
        said += chunk.toString();
        if (said.includes('Ctrl-C stops it')) this.#settled.resolve();
      });
    const socket = join(this.home, 'reeve.sock');
    while (!(await ready(socket))) {
      if (child.exitCode !== null) throw new Error(`the daemon ended with ${child.exitCode}: ${said}`);
      if (performance.now() - began > PATIENCE)
        throw new Error(`the daemon was not ready within ${PATIENCE} ms: ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    return performance.now() - began;
  }

  /** Resolves when the start is over, with its drill. */
  settled(): Promise<void> {
    return this.#settled.promise;
  }

  async stop(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await ended;
  }

  remove(): void {
    rmSync(this.home, { recursive: true, force: true });
  }
}

function ready(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    connection.once('error', () => resolve(false));
    connection.once('connect', () =>
      connection.write('GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'),
    );
    connection.once('data', (chunk) => {
      connection.destroy();
      resolve(chunk.toString('latin1').startsWith('HTTP/1.1 200'));
    });
    connection.once('end', () => resolve(false));
  });
}

/** Resident set of a process in MiB, from /proc (proc_pid_status(5)). */
function residentMiB(pid: number): number {
  const match = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(match?.[1]) / 1024;
}

const warm = new Daemon();
const fresh = new Daemon();
const idle = new Daemon();
const proven = new Daemon();

/**
 * A first start makes the keys and fills Node's compile cache; what is measured is every start after it. Bundle and snapshot
 * come with `npm ci`. A clone whose files were changed since has them made by its daemons, 15 s after a start; here, now.
 */
async function initialise(daemon: Daemon): Promise<void> {
  await makeBundle();
  await makeSnapshot();
  await daemon.start([]);
  await daemon.settled();
  await daemon.stop();
}

export const benches: Bench[] = [
  {
    name: 'reeve status (warm daemon)',
    unit: 'ms',
    goal: 2.5,
    better: 'lower',
    runs: 15,
    async setup() {
      await warm.start();
      await wall(REEVE, ['status'], warm.home);
    },
    ours: () => wall(REEVE, ['status'], warm.home),
    reference: () => bareNode(warm.home),
    async teardown() {
      await warm.stop();
      warm.remove();
    },
  },
  {
    name: 'daemon start to /readyz',
    unit: 'ms',
    goal: 8,
    better: 'lower',
    runs: 9,
    setup: () => initialise(fresh),
    async ours() {
      const ms = await fresh.start();
      await fresh.stop();
      return ms;
    },
    reference: () => bareNode(fresh.home),
    async teardown() {
      await fresh.stop();
      fresh.remove();
    },
  },
  {
    name: 'idle daemon without a drill, memory (reference: the limit)',
    unit: 'MiB',
    goal: 1,
    better: 'lower',
    runs: 3,
    async setup() {
      await initialise(idle);
      await idle.start();
      // Idle: what the start allocated has had time to be collected.
      await new Promise((resolve) => setTimeout(resolve, 5000));
    },
    ours: async () => residentMiB(idle.pid),
    reference: async () => 110,
    async teardown() {
      await idle.stop();
      idle.remove();
    },
  },
  {
    name: 'the same a minute after `npm start` and its drill',
    unit: 'MiB',
    goal: 1,
    better: 'lower',
    runs: 3,
    async setup() {
      await initialise(proven);
      await proven.start([]);
      await proven.settled();
      await new Promise((resolve) => setTimeout(resolve, 60_000));
    },
    ours: async () => residentMiB(proven.pid),
    reference: async () => 110,
    async teardown() {
      await proven.stop();
      proven.remove();
    },
  },
];
