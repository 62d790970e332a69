import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../daemon/clock.ts';
import { nodeFs } from '../daemon/fs.ts';
import type { Clock } from '../daemon/ports/clock.ts';
import { SampleStore } from '../daemon/probes/samples/store.ts';
import { begin, end } from './probes-daemon.ts';
import { DAYS, FIRST, PROBES, chartOf } from './samples-chart.ts';
import type { Bench } from './types.ts';

const DAY = 86_400_000;
const limit = (value: number) => (): Promise<number> => Promise.resolve(value);

let folder = '';
let store: SampleStore | undefined;

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
    // Here a day takes seconds: each is put together before the next is over, as in a daemon.
    if ((now - FIRST) % DAY === 600_000) {
      tidy();
      await joined(now - DAY);
    }
  }
  await store.settled();
}

/** Every day up to this one is one file. */
async function joined(until: number): Promise<void> {
  const today = new Date(until + DAY).toISOString().slice(0, 10);
  const isLoose = (name: string): boolean => name.endsWith('.part') && name.slice(0, 10) < today;
  while (readdirSync(join(folder, 'samples')).some(isLoose)) await sleep(50);
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
    if (store === undefined) throw new Error('no store');
    // Another probe each time: nothing of it was read before.
    return chartOf(store, (asked += 61) % PROBES);
  },
  reference: limit(50),
};

const cold: Bench = {
  ...chart,
  name: 'the same, the first of a process, nothing of it in the page cache',
  async ours() {
    const dir = join(folder, 'samples');
    // POSIX_FADV_DONTNEED for whole files (dd of coreutils), after what is dirty was written.
    execFileSync('sync');
    for (const name of readdirSync(dir))
      execFileSync('dd', [`of=${join(dir, name)}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
        stdio: 'ignore',
      });
    const { child, said } = await begin('./samples-chart.ts', dir, `${(asked += 61) % PROBES}`);
    await end(child);
    return said;
  },
  async teardown() {
    await store?.close();
    rmSync(folder, { recursive: true, force: true });
  },
};

export const benches: Bench[] = [size, chart, cold];
