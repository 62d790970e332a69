import type { DrillRow } from '../../ports/actions.ts';
import type { DrillTrend, Trend } from '../../ports/practice.ts';

/** Results that a direction is told from. */
const LAST = 10;
/** Three on each side, so that one odd result makes no direction. */
const ENOUGH = 6;

/** One line for each drill and place that has a result before `to`. `rows`: newest first. */
export function drillTrends(rows: readonly DrillRow[], from: number, to: number): DrillTrend[] {
  const groups = new Map<string, DrillRow[]>();
  for (const row of rows) {
    if (row.at >= to) continue;
    const key = [row.drill, row.project ?? '', row.env ?? ''].join(' ');
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].flatMap((all) => {
    const [last] = all;
    if (last === undefined) return [];
    const week = all.filter(({ at }) => at >= from);
    const recent = all.slice(0, LAST).toReversed();
    return [
      {
        drill: last.drill,
        project: last.project ?? null,
        env: last.env ?? null,
        runs: week.length,
        passed: week.filter(({ verdict }) => verdict === 'PASS').length,
        last: { at: last.at, verdict: last.verdict, why: last.why ?? null },
        rpo_ms: last.rpo_ms,
        rto_ms: last.rto_ms,
        objective_rpo_ms: last.objective_rpo_ms,
        objective_rto_ms: last.objective_rto_ms,
        rpo_trend: trendOf(recent.map(({ rpo_ms }) => rpo_ms)),
        rto_trend: trendOf(recent.map(({ rto_ms }) => rto_ms)),
      },
    ];
  });
}

/** The median of the newer half against that of the older. Oldest first; nulls were not measured. */
export function trendOf(values: readonly (number | null)[]): Trend {
  const measured = values.filter((value) => value !== null);
  if (measured.length < ENOUGH) return 'unknown';
  const half = Math.floor(measured.length / 2);
  const [older, newer] = [median(measured.slice(0, half)), median(measured.slice(-half))];
  if (newer > older * 1.1) return 'worse';
  return newer < older * 0.9 ? 'better' : 'steady';
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? 0) + high) / 2;
}
