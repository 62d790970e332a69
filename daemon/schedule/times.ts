import { fail } from '../../contracts/errors.ts';
import { offsets, type OffsetAt } from '../calendar.ts';
import { applyDst, type DstPolicy } from './dst.ts';

/** When a cron line is due in its time zone. Times are ms since the epoch, whole seconds. */
export interface Times {
  /** At most `count` times strictly after `from`, ascending. */
  after(from: number, count: number): number[];
  /** At most `count` times strictly before `from`, ascending. */
  before(from: number, count: number): number[];
}

/**
 * Reads a five- or six-field cron line (croner; day-of-month and day-of-week are alternatives, as in crontab(5)). Daylight
 * saving, unless `dst` says otherwise: a line with fixed hours and minutes runs once a day, at the first valid time after a
 * gap and at the first of a repeated hour; a line with `*` or a step in them follows elapsed time: not in a gap, and in both
 * repeated hours.
 *
 * @throws SCHEDULE_CRON_INVALID for a line or time zone that cannot be read, or one that is never due.
 */
export async function readCron(
  schedule: string,
  cron: string,
  timezone: string,
  dst?: DstPolicy,
): Promise<Times> {
  const { Cron } = await import('croner');
  const bad = (why: string, cause?: unknown): Error =>
    fail('SCHEDULE_CRON_INVALID', { schedule, why }, { cause });
  let job: InstanceType<typeof Cron>;
  try {
    if (timezone !== 'UTC') new Intl.DateTimeFormat('en', { timeZone: timezone });
    job = new Cron(cron, { timezone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
  const plain: Times = {
    after: (from, count) => job.nextRuns(count, new Date(from)).map((date) => date.getTime()),
    before: (from, count) =>
      job
        .previousRuns(count, new Date(from))
        .map((date) => date.getTime())
        .filter((time) => time < from)
        .reverse(),
  };
  if (plain.after(0, 1).length === 0) throw bad(`"${cron}" is never due`);
  if (dst === undefined || timezone === 'UTC') return plain;
  return withDst(plain, dst, offsets(timezone), (slot) => job.match(new Date(slot)));
}

/** A policy adds or moves a slot by at most this, so that looking so much further finds all of them, ms. */
const REACH_MS = 2 * 3_600_000;

function withDst(plain: Times, dst: DstPolicy, offset: OffsetAt, matches: (slot: number) => boolean): Times {
  const made = (slots: readonly number[]): number[] =>
    [...new Set(slots.flatMap((slot) => applyDst(dst, offset, slot, matches)))].toSorted((a, b) => a - b);
  return {
    after(from, count) {
      for (let more = count + 4; ; more *= 2) {
        // Also what is moved from before `from` to after it.
        const slots = plain.after(from - REACH_MS, more);
        const found = made(slots).filter((slot) => slot > from);
        // What follows the last one looked at could still come before it.
        const sure = slots.length < more ? Infinity : (slots.at(-1) ?? Infinity);
        const known = found.filter((slot) => slot <= sure);
        if (known.length >= count || sure === Infinity) return known.slice(0, count);
      }
    },
    before(from, count) {
      for (let more = count + 4; ; more *= 2) {
        const slots = plain.before(from, more);
        const found = made(slots).filter((slot) => slot < from);
        const sure = slots.length < more ? -Infinity : (slots[0] ?? -Infinity) + REACH_MS;
        const known = found.filter((slot) => slot >= sure);
        if (known.length >= count || sure === -Infinity) return known.slice(-count);
      }
    },
  };
}
