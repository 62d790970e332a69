import { due, ON_TIME_MS, type Skip, type Stretch } from './due.ts';
import type { Line } from './lines.ts';
import type { ScheduleState } from './projection.ts';
import { dealtWith, type SlotBook } from './slot-book.ts';
import { readCron } from './times.ts';
import { pausedWords, words } from './words.ts';

interface With {
  /** Records a slot that is not fired. */
  skip(slot: number, why: string, stretch?: Stretch): Promise<void>;
  warn(what: string, error: unknown): void;
}

/** Puts a line's definition in force, after what the one before it still owed, and goes back where the clock did. */
export async function putInForce(
  book: Pick<SlotBook, 'state' | 'define' | 'rewind'>,
  { name, spec, digest }: Line,
  now: number,
  { skip, warn }: With,
): Promise<void> {
  const { cron, timezone, dst } = spec;
  const before = book.state(name);
  if (before !== undefined && before.digest !== digest) {
    const owed = await outdated(name, before, now).catch((error: unknown) => {
      warn(`the slots of schedule ${name} before its change`, error);
      return [];
    });
    for (const { slot, why, ...stretch } of owed)
      await skip(slot, before.paused === null ? why : pausedWords(before.paused), stretch);
  }
  const body = { schedule: name, digest, cron, timezone };
  await book.define(dst === undefined ? body : { ...body, dst });
  const known = book.state(name);
  const from = known === undefined ? 0 : dealtWith(known);
  if (from - now > ON_TIME_MS) await book.rewind({ schedule: name, from, to: now });
}

/**
 * What a definition that is about to be replaced still owes: the slots of its own that nobody took, as when the daemon was
 * down or one waited for its jitter. None of them is fired: its mandate was for another entry, and `reeve schedule backfill`
 * is there for who wants one. Each is named, the oldest of very many in one stretch.
 */
async function outdated(name: string, known: ScheduleState, now: number): Promise<Skip[]> {
  if (known.line === undefined) return [];
  const { cron, timezone, dst } = known.line;
  const times = await readCron(name, cron, timezone, dst);
  const { run, skip } = due({ name, catchup: 'skip' }, dealtWith(known), now, times);
  return [...skip, ...run.map((slot) => ({ slot }))].map((entry) => ({
    ...entry,
    why: `missed by ${words(now - entry.slot)}; the schedule was changed before it could run`,
  }));
}
