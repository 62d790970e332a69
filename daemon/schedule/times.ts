import { fail } from '../../contracts/errors.ts';

/** When a cron line is due in its time zone. Times are ms since the epoch, whole seconds. */
export interface Times {
  /** At most `count` times strictly after `from`, ascending. */
  after(from: number, count: number): number[];
  /** At most `count` times strictly before `from`, ascending. */
  before(from: number, count: number): number[];
}

/**
 * Reads a five- or six-field cron line (croner; day-of-month and day-of-week are alternatives, as in crontab(5)). Daylight
 * saving: a line with fixed hours and minutes runs once a day, at the first valid time after a gap and at the first of a
 * repeated hour; a line with `*` or a step in them follows elapsed time: not in a gap, and in both repeated hours.
 *
 * @throws SCHEDULE_CRON_INVALID for a line or time zone that cannot be read, or one that is never due.
 */
export async function readCron(schedule: string, cron: string, timezone: string): Promise<Times> {
  const { Cron } = await import('croner');
  const bad = (why: string, cause?: unknown): Error =>
    fail('SCHEDULE_CRON_INVALID', { schedule, why }, { cause });
  let job: InstanceType<typeof Cron>;
  try {
    new Intl.DateTimeFormat('en', { timeZone: timezone });
    job = new Cron(cron, { timezone, paused: true, mode: '5-or-6-parts', fixedTimeRule: 'no-wildcard' });
  } catch (error) {
    throw bad(error instanceof Error ? error.message : String(error), error);
  }
  const times: Times = {
    after: (from, count) => job.nextRuns(count, new Date(from)).map((date) => date.getTime()),
    before: (from, count) =>
      job
        .previousRuns(count, new Date(from))
        .map((date) => date.getTime())
        .filter((time) => time < from)
        .reverse(),
  };
  if (times.after(0, 1).length === 0) throw bad(`"${cron}" is never due`);
  return times;
}
