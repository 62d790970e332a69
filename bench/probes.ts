import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildProcess } from 'node:child_process';
import { systemClock } from '../daemon/clock.ts';
import { nodeFs } from '../daemon/fs.ts';
import type { Clock } from '../daemon/ports/clock.ts';
import { SampleStore } from '../daemon/probes/samples/store.ts';
import { begin, end, Watcher } from './probes-daemon.ts';
import type { Bench } from './types.ts';

const PROBES = 1000;
const SECONDS = 10;
const DAY = 86_400_000;

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

let folder = '';
let store: SampleStore | undefined;
const FIRST = Date.UTC(2026, 0, 1);
const DAYS = 30;

/** A month of samples as the daemon stores them: an even pace that jitters by some ms, latencies that drift. */
async function fillMonth(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'reeve-bench-'));
  let now = FIRST;
  let tidy = (): void => {};
  let write = (): void => {};
  const clock: Clock = {
    ...systemClock,
    now: () => now,
    monotonic: () => now,
    // Unlike the daemon's, nothing else keeps this process alive.
    sleep: (ms) => systemClock.sleep(ms),
    after: (ms, fn) => {
      // Both are called for below: time goes faster here.
      if (ms >= 60_000) tidy = fn;
      else write = fn;
      return () => undefined;
    },
  };
  store = await SampleStore.open({
    fs: nodeFs,
    clock,
    dir: join(folder, 'samples'),
    retention: () => 365 * DAY,
    warn: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  const names = Array.from({ length: PROBES }, (_, i) => `probe-${i}`);
  let seed = 1;
  const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647;
  for (; now < FIRST + DAYS * DAY; now += 20_000) {
    for (const [i, name] of names.entries()) {
      const ms = 40 + (i % 100) + random() * 30;
      const verdict = random() < 0.001 ? 'down' : 'up';
      store.add(name, {
        at: now + i * 20 + Math.floor(random() * 3),
        verdict,
        ms: verdict === 'up' ? ms : null,
      });
    }
    write();
    if ((now - FIRST) % 600_000 === 0) await store.settled();
    if ((now - FIRST) % DAY === 600_000) {
      tidy();
      await store.settled();
    }
  }
  await store.settled();
  tidy();
  await sleep(3000);
}

const size: Bench = {
  name: `${DAYS} days of ${PROBES} probes × 20 s on disk`,
  unit: 'GiB',
  goal: 1,
  better: 'lower',
  runs: 1,
  setup: fillMonth,
  ours() {
    const dir = join(folder, 'samples');
    const bytes = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0);
    return Promise.resolve(bytes / 1024 ** 3);
  },
  reference: limit(1.5),
};

let asked = 0;
const chart: Bench = {
  name: `a ${DAYS}-day chart of one of them`,
  unit: 'ms',
  goal: 1,
  better: 'lower',
  runs: 15,
  async ours() {
    const began = performance.now();
    // Another probe each time: nothing of it was read before.
    const buckets = await store?.series(`probe-${(asked += 61) % PROBES}`, FIRST, FIRST + DAYS * DAY, 200);
    const ms = performance.now() - began;
    if (buckets?.some(({ up }) => up === 0) !== false) throw new Error('a bucket is empty');
    return ms;
  },
  reference: limit(50),
  async teardown() {
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  },
};

export const benches: Bench[] = [rate, bare, accounted, sampled, calm, memory, size, chart];
