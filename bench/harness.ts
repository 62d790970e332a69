import type { Bench } from './types.ts';

/** One row of the table and of `--json`. `ours` and `reference` are medians. */
export interface Result {
  name: string;
  unit: string;
  ours: number;
  reference: number;
  ratio: number;
  goal: number;
  better: 'higher' | 'lower';
  ok: boolean;
  runs: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const mid = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? (sorted[mid] ?? 0) : ((sorted[mid - 1] ?? 0) + (sorted[mid] ?? 0)) / 2;
}

/** Ours and the reference by turns, after one uncounted run of each, so that a drift of the machine hits both. */
export async function measure(bench: Bench): Promise<Result> {
  const runs = bench.runs ?? 7;
  await bench.setup?.();
  try {
    await bench.reference();
    await bench.ours();
    const ours: number[] = [];
    const reference: number[] = [];
    for (let i = 0; i < runs; i++) {
      // Who goes first alternates too.
      if (i % 2 === 0) reference.push(await bench.reference());
      ours.push(await bench.ours());
      if (i % 2 === 1) reference.push(await bench.reference());
    }
    const [o, r] = [median(ours), median(reference)];
    const ratio = o / r;
    const ok = bench.better === 'higher' ? ratio >= bench.goal : ratio <= bench.goal;
    const { name, unit, goal, better } = bench;
    return { name, unit, ours: o, reference: r, ratio, goal, better, ok, runs };
  } finally {
    await bench.teardown?.();
  }
}

/** Seconds `work` takes, by the monotonic clock. */
export async function seconds(work: () => Promise<unknown>): Promise<number> {
  const t = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - t) / 1e9;
}
