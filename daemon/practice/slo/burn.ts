import type { Severity } from '../../../contracts/watch.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export interface BurnWindow {
  /** Of the long window; the alert's key ends with it. */
  name: string;
  /** ms. */
  long: number;
  short: number;
  shortName: string;
  /** Tenths: how many times faster than sustainable. */
  rate10: number;
  severity: Severity;
}

/**
 * Fast to slow. The first three spend 2 %, 5 % and 10 % of a 30-day budget in their long window, the last spends it at
 * just the rate that uses it up (Google, The Site Reliability Workbook, chapter 5, "Alerting on SLOs").
 */
export const WINDOWS: readonly BurnWindow[] = [
  { name: '1h', long: HOUR, short: 5 * MINUTE, shortName: '5m', rate10: 144, severity: 'page' },
  { name: '6h', long: 6 * HOUR, short: 30 * MINUTE, shortName: '30m', rate10: 60, severity: 'page' },
  { name: '1d', long: DAY, short: 2 * HOUR, shortName: '2h', rate10: 30, severity: 'warn' },
  { name: '3d', long: 3 * DAY, short: 6 * HOUR, shortName: '6h', rate10: 10, severity: 'warn' },
];

/** Samples that say something: inconclusive ones and those of a maintenance window are in neither. */
export interface Tally {
  good: number;
  bad: number;
}

/** Share of samples that may be bad, in millionths: 1,000 for the objective `"99.9"`. Exact. */
export function budgetOf(objective: string): number {
  const [whole = '0', part = ''] = objective.split('.');
  return 1_000_000 - Number(whole) * 10_000 - Number(part.padEnd(4, '0'));
}

/** How many times faster than sustainable the budget is spent; null without samples. */
export function burnRate({ good, bad }: Tally, budget: number): number | null {
  return good + bad === 0 ? null : (bad / (good + bad)) * (1_000_000 / budget);
}

/** In whole numbers, so that a rate just at the limit does not depend on rounding. */
const burns = ({ good, bad }: Tally, budget: number, rate10: number): boolean =>
  bad * 10_000_000 > rate10 * budget * (good + bad);

/**
 * `unclear`: what was known stays, because there is no sample to tell by in the short window, or because it alone burns
 * (so that a rate near the limit does not open and close an alert with every sample).
 */
export type Burning = 'burning' | 'calm' | 'unclear';

/** Whether both windows burn, with at least `minBad` bad samples in the long one. */
export function judge(
  { rate10 }: BurnWindow,
  { long, short }: { long: Tally; short: Tally },
  budget: number,
  minBad: number,
): Burning {
  if (long.good + long.bad === 0) return 'calm';
  if (short.good + short.bad === 0) return 'unclear';
  if (!burns(short, budget, rate10)) return 'calm';
  return long.bad >= minBad && burns(long, budget, rate10) ? 'burning' : 'unclear';
}

export interface WindowMemory {
  /** Its alert is open. */
  open: boolean;
  /** When it was open last, ms. */
  last: number | null;
}
/** By name of the window. */
export type Memory = Readonly<Record<string, WindowMemory>>;

/**
 * Which alerts are open after this look. A slower window burns for hours after an outage that a faster one has told
 * already: it opens only when it still burns once its short window lies wholly after that.
 */
export function step(before: Memory, now: number, verdict: (window: BurnWindow) => Burning): Memory {
  const after: Record<string, WindowMemory> = {};
  let told = -Infinity;
  for (const window of WINDOWS) {
    const { open: was, last } = before[window.name] ?? { open: false, last: null };
    const found = verdict(window);
    const open = found === 'burning' ? was || now - told > window.short : found === 'unclear' && was;
    after[window.name] = { open, last: open ? now : last };
    told = Math.max(told, after[window.name]?.last ?? -Infinity);
  }
  return after;
}
