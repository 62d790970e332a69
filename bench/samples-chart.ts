import { systemClock } from '../daemon/clock.ts';
import { nodeFs } from '../daemon/fs.ts';
import { SampleStore } from '../daemon/probes/samples/store.ts';

export const PROBES = 1000;
export const DAYS = 30;
export const FIRST = Date.UTC(2026, 0, 1);

/** Milliseconds that the chart of a month takes. */
export async function chartOf(store: SampleStore, probe: number): Promise<number> {
  const began = performance.now();
  const buckets = await store.series(`probe-${probe}`, FIRST, FIRST + DAYS * 86_400_000, 200);
  const ms = performance.now() - began;
  if (buckets.some(({ up }) => up === 0)) throw new Error('a bucket is empty');
  return ms;
}

// As a process of its own: the first chart that it makes, told to whoever started it.
const [, script = '', dir, probe] = process.argv;
if (script === import.meta.filename && dir !== undefined) {
  const store = await SampleStore.open({
    fs: nodeFs,
    // What is held in journals stays there: another process has the folder open.
    clock: { ...systemClock, sleep: (ms) => systemClock.sleep(ms), after: () => () => undefined },
    dir,
    retention: () => Infinity,
    warn: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
  process.send?.(await chartOf(store, Number(probe)));
  process.disconnect();
}
