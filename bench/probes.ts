import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { begin, end, Watcher } from './probes-daemon.ts';
import type { Bench } from './types.ts';

const PROBES = 1000;
const SECONDS = 10;

let target: ChildProcess | undefined;
let watcher: Watcher | undefined;
let port = 0;

/** Starts the target, and a daemon that watches it, and waits until both run at their pace. */
const watching = (count: number, interval: string): Pick<Bench, 'setup' | 'teardown'> => ({
  async setup() {
    ({ child: target, said: port } = await begin('./probes-target.ts'));
    watcher = await Watcher.start(port, count, interval);
    await sleep(interval === '1s' ? 5000 : 21_000);
  },
  async teardown() {
    await watcher?.stop();
    await end(target);
  },
});

/** What a daemon does in some seconds. */
async function observed(
  seconds: number,
): Promise<{ stored: number; slipped: number; cpu: number; wall: number }> {
  if (watcher === undefined) throw new Error('no daemon');
  const [before, cpu, began] = [await watcher.counts(), watcher.cpu(), performance.now()];
  await sleep(seconds * 1000);
  const [after, then, now] = [await watcher.counts(), watcher.cpu(), performance.now()];
  return {
    stored: after.stored - before.stored,
    slipped: after.slipped - before.slipped,
    cpu: then - cpu,
    wall: (now - began) / 1000,
  };
}

const perCore = async (): Promise<number> => {
  const { stored, cpu } = await observed(SECONDS);
  return stored / cpu;
};
const limit = (value: number) => (): Promise<number> => Promise.resolve(value);

const rate: Bench = {
  name: `stored http probes per second of processor time, ${PROBES} × 1 s`,
  unit: 'probes/s',
  goal: 1,
  better: 'higher',
  runs: 3,
  ...watching(PROBES, '1s'),
  ours: perCore,
  reference: limit(1500),
};

const bare: Bench = {
  ...rate,
  name: 'the same, beside a bare loop that appends lines',
  goal: 0.5,
  async reference() {
    const file = join(watcher?.folder ?? tmpdir(), 'bare.txt');
    const { said, child } = await begin('./probes-reference.ts', `${port}`, `${PROBES}`, file, `${SECONDS}`);
    await end(child);
    return said;
  },
};

const accounted: Bench = {
  ...rate,
  name: `slots of ${PROBES} probes × 1 s with a sample or a counted slip`,
  unit: '%',
  goal: 0.995,
  async ours() {
    const { stored, slipped, wall } = await observed(SECONDS);
    return Math.min(100, (100 * (stored + slipped)) / (PROBES * wall));
  },
  reference: limit(100),
};

const sampled: Bench = {
  ...accounted,
  name: `slots of ${PROBES} probes × 1 s with a sample`,
  async ours() {
    const { stored, wall } = await observed(SECONDS);
    return Math.min(100, (100 * stored) / (PROBES * wall));
  },
};

const calm: Bench = {
  name: `${PROBES} http probes × 20 s, share of one core`,
  unit: '%',
  goal: 1,
  better: 'lower',
  runs: 3,
  ...watching(PROBES, '20s'),
  async ours() {
    const { cpu, wall } = await observed(20);
    return (100 * cpu) / wall;
  },
  reference: limit(12),
};

const memory: Bench = {
  ...calm,
  name: `${PROBES} http probes × 20 s, resident memory`,
  unit: 'MiB',
  async ours() {
    await sleep(5000);
    return watcher?.rss() ?? Infinity;
  },
  reference: limit(160),
};

export const benches: Bench[] = [rate, bare, accounted, sampled, calm, memory];
