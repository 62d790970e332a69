import { createHash } from 'node:crypto';
import type { ScheduleSpec } from '../../contracts/estate.ts';
import type { DowntimeState } from './downtime.ts';
import { words } from './words.ts';
import type { Times } from './times.ts';

export type DueSchedule = Pick<ScheduleSpec, 'catchup' | 'jitter' | 'catchup_window' | 'catchup_cap'> & {
  /** Seeds the jitter. */
  name: string;
};

export interface Skip {
  slot: number;
  why: string;
  /** Last slot that this entry stands for, when it stands for a stretch. */
  until?: number;
  /** How many those are. */
  count?: number;
}

export type Stretch = Pick<Skip, 'until' | 'count'>;

export interface Due {
  /** To be fired, in order. */
  run: number[];
  /** Not to be fired, and why, in order; all of them before or between those in `run`. */
  skip: Skip[];
  /** When to look again: the next slot with its jitter; null when there is none. */
  next: number | null;
}

export interface DueOptions {
  /** The daemon started at this instant and the schedule wants a run then (`at_start`). */
  start?: number;
}

/** A slot this late is still on time: ticks and busy event loops are late, too. */
export const ON_TIME_MS = 60_000;
/** catchup `all` fires at most this many at once, the newest, unless the schedule has a cap of its own. */
export const CATCHUP_CAP = 24;
/** Missed slots that get a record each; older ones share one. */
export const LISTED = 500;
/** Of those that share a record, how many are counted one by one: each costs 50 µs of the event loop. */
const COUNTED = 2000;

/** Offset of a slot, 0 … jitter, a function of the schedule's name and the slot alone: every daemon computes the same. */
export function jitterOf({ name, jitter }: DueSchedule, slot: number): number {
  if (jitter === undefined) return 0;
  const seed = createHash('sha256').update(`${name}@${slot}`).digest();
  return Math.floor((seed.readUIntBE(0, 6) / 2 ** 48) * (jitter + 1));
}

/**
 * What is due at `now` when everything up to and including `last` is dealt with. Pure. Slots are taken in order: one that
 * waits for its jitter holds back those after it.
 *
 * `catchup` decides about slots that are due together or late: `skip` fires those that are on time, `latest` the newest
 * one however late, `all` each of them, up to a cap. What was missed by more than `catchup_window` is never fired. A run at
 * start stands in for all that was missed, except with `all`.
 *
 * @param last ms since the epoch; nothing at or before it is due.
 */
export function due(
  schedule: DueSchedule,
  last: number,
  now: number,
  times: Times,
  { start }: DueOptions = {},
): Due {
  const found = upTo(times, last, now);
  const first = found[0];
  // More than can be listed: only the newest are looked at one by one.
  const many = found.length > LISTED && (found[LISTED] ?? now + 1) <= now;
  const slots = (many ? times.before(now + 1, LISTED) : found).filter((slot) => slot > last && slot <= now);
  const waiting = slots.findIndex((slot) => slot + jitterOf(schedule, slot) > now);
  const ripe = waiting < 0 ? slots : slots.slice(0, waiting);

  const next = nextLook(schedule, slots[waiting] ?? times.after(Math.max(now, last), 1)[0]);
  const skip: Skip[] = [];
  const oldest = ripe[0];
  if (many && first !== undefined && oldest !== undefined && first < oldest) {
    const until = times.before(oldest, 1)[0] ?? first;
    const count = countOf(times, first, until);
    const stretch = count < 2 ? { slot: first } : { slot: first, until, count };
    skip.push({ ...stretch, why: `more than ${LISTED} slots were missed` });
  }
  const run: number[] = [];
  for (const [i, slot] of ripe.entries()) {
    const why = refusal(schedule, slot, now, ripe.length - 1 - i, start !== undefined);
    if (why === undefined) run.push(slot);
    else skip.push({ slot, why });
  }
  if (start !== undefined && start > (ripe.at(-1) ?? 0)) run.push(start);
  return { run, skip, next };
}

/** The slots after `last` up to the first one beyond `now`, at most LISTED + 1. Mostly there is none: one look tells. */
function upTo(times: Times, last: number, now: number): number[] {
  let found: number[] = [];
  for (const count of [1, 8, LISTED + 1]) {
    found = times.after(last, count);
    if (found.length < count || (found.at(-1) ?? 0) > now) break;
  }
  return found;
}

/** The slots from `first` to `until`; of more than COUNTED, as many as there are when the others lie as close. */
function countOf(times: Times, first: number, until: number): number {
  const known = times.after(first, COUNTED).filter((slot) => slot <= until);
  const last = known.at(-1) ?? first;
  if (known.length < COUNTED) return known.length + 1;
  return known.length + 1 + Math.round((known.length * (until - last)) / (last - first));
}

/** Why a ripe slot is not fired; undefined when it is. `newer`: how many ripe slots come after it. */
function refusal(
  schedule: DueSchedule,
  slot: number,
  now: number,
  newer: number,
  starting: boolean,
): string | undefined {
  const late = now - slot - jitterOf(schedule, slot);
  const missed = `missed by ${words(late)}`;
  const { catchup_window: window, catchup_cap: cap = CATCHUP_CAP } = schedule;
  if (window !== undefined && late > Math.max(window, ON_TIME_MS))
    return `${missed}; the window of catchup is ${words(window)}`;
  switch (schedule.catchup) {
    case 'all':
      return newer < cap ? undefined : `${missed}; catchup runs the newest ${cap}`;
    case 'latest':
      if (starting) return `${missed}; the run at start stands in for it`;
      return newer === 0 ? undefined : `${missed}; catchup runs the latest only`;
    case 'skip':
      if (starting) return `${missed}; the run at start stands in for it`;
      return late <= ON_TIME_MS ? undefined : `${missed}; catchup is skip`;
  }
}

/**
 * Why a slot that was claimed and waited when the daemon went down must not run any more: what catch-up says of one that
 * was never taken. Undefined: it may, or the daemon was not away.
 */
export function expired(
  { catchup, catchup_window: window }: Pick<ScheduleSpec, 'catchup' | 'catchup_window'>,
  slot: number,
  late: number,
  { last }: Pick<DowntimeState, 'last'>,
): string | undefined {
  const away = last !== null && last.to - last.from > ON_TIME_MS && slot <= last.to;
  if (!away || late <= ON_TIME_MS) return undefined;
  const missed = `missed by ${words(late)} while the daemon was down`;
  if (window !== undefined && late > Math.max(window, ON_TIME_MS))
    return `${missed}; the window of catchup is ${words(window)}`;
  return catchup === 'skip' ? `${missed}; catchup is skip` : undefined;
}

const nextLook = (schedule: DueSchedule, slot: number | undefined): number | null =>
  slot === undefined ? null : slot + jitterOf(schedule, slot);
