import type { ScheduleSpec } from '../../contracts/estate.ts';
import type { OffsetAt } from '../calendar.ts';

export type DstPolicy = NonNullable<ScheduleSpec['dst']>;

/** Longest change of the clocks that is looked for (Antarctica/Troll: two hours). */
const MAX_CHANGE_MS = 2 * 3_600_000;

/** How much later the same local time comes again; 0 when it does not. */
export function repeatsAfter(offset: OffsetAt, time: number): number {
  const change = offset(time) - offset(time + MAX_CHANGE_MS);
  return change > 0 && offset(time + change) === offset(time) - change ? change : 0;
}

/** How much earlier the same local time was there already; 0 when it was not. */
export function repeats(offset: OffsetAt, time: number): number {
  const change = offset(time - MAX_CHANGE_MS) - offset(time);
  return change > 0 && offset(time - change) === offset(time) + change ? change : 0;
}

/**
 * The slots that a policy makes of one that croner found. Croner runs a fixed time once: at the first valid time after a
 * gap, and at the first of two. A line with wildcards runs by elapsed time: not in a gap, and both times.
 *
 * @param matches whether the line itself names this local time: not so when a gap moved it
 */
export function applyDst(
  policy: DstPolicy,
  offset: OffsetAt,
  slot: number,
  matches: (slot: number) => boolean,
): number[] {
  if (policy.gap === 'skip' && !matches(slot)) return [];
  const { fold } = policy;
  if (fold === undefined) return [slot];
  if (repeats(offset, slot) > 0) return fold === 'first' ? [] : [slot];
  const again = repeatsAfter(offset, slot);
  if (again === 0 || fold === 'first') return [slot];
  // A wildcard line brings the second one by itself; the caller drops doubles.
  return fold === 'second' ? [slot + again] : [slot, slot + again];
}
