import { expect, test } from 'vitest';
import { CATCHUP_CAP, LISTED, due, jitterOf, type DueSchedule } from '../../daemon/schedule/due.ts';
import { readCron } from '../../daemon/schedule/times.ts';

const at = (text: string): number => Date.parse(text);
const iso = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString());
const plain = (catchup: DueSchedule['catchup'], name = 'nightly'): DueSchedule => ({
  name,
  catchup,
  jitter: undefined,
});

/** Walks through a stretch of time in steps, as a ticker would, and returns every slot that ran. */
async function walk(
  cron: string,
  timezone: string,
  from: string,
  to: string,
  step = 60_000,
): Promise<string[]> {
  const times = await readCron('nightly', cron, timezone);
  const ran: number[] = [];
  let last = at(from);
  for (let now = last; now <= at(to); now += step) {
    const { run } = due(plain('latest'), last, now, times);
    ran.push(...run);
    last = run.at(-1) ?? last;
  }
  return iso(ran);
}

test('a fixed time in the spring gap runs once, at the first valid time after it', async () => {
  expect(await walk('30 2 * * *', 'Europe/Berlin', '2026-03-27T12:00:00Z', '2026-03-30T12:00:00Z')).toEqual([
    '2026-03-28T01:30:00.000Z',
    '2026-03-29T01:00:00.000Z',
    '2026-03-30T00:30:00.000Z',
  ]);
});

test('a fixed time in the autumn fold runs once, in the first of the two hours', async () => {
  expect(await walk('30 2 * * *', 'Europe/Berlin', '2026-10-24T12:00:00Z', '2026-10-26T12:00:00Z')).toEqual([
    '2026-10-25T00:30:00.000Z',
    '2026-10-26T01:30:00.000Z',
  ]);
});

test('a list of fixed hours runs each of them once on the day of the fold', async () => {
  expect(
    await walk('30 2,14 * * *', 'Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T20:00:00Z'),
  ).toEqual(['2026-10-25T00:30:00.000Z', '2026-10-25T13:30:00.000Z']);
});

test('an interval goes on through the fold and leaves out the gap', async () => {
  expect(
    await walk('*/30 * * * *', 'Europe/Berlin', '2026-10-24T23:59:00Z', '2026-10-25T02:01:00Z'),
  ).toHaveLength(5);
  expect(
    await walk('*/30 2 * * *', 'Europe/Berlin', '2026-10-24T20:00:00Z', '2026-10-25T20:00:00Z'),
  ).toHaveLength(4);
  expect(await walk('*/30 2 * * *', 'Europe/Berlin', '2026-03-28T20:00:00Z', '2026-03-29T20:00:00Z')).toEqual(
    [],
  );
});

test('day of month and day of week are alternatives', async () => {
  expect(await walk('0 12 13 * 5', 'UTC', '2026-01-08T13:00:00Z', '2026-01-16T13:00:00Z', 3_600_000)).toEqual(
    ['2026-01-09T12:00:00.000Z', '2026-01-13T12:00:00.000Z', '2026-01-16T12:00:00.000Z'],
  );
});

test('looking forward and backward find the same times around both changes', async () => {
  for (const cron of ['30 2 * * *', '*/20 * * * *', '15 1-3 * * *', '0 0 * * 0']) {
    const times = await readCron('x', cron, 'America/New_York');
    for (const day of ['2026-03-08T00:00:00Z', '2026-11-01T00:00:00Z']) {
      const forward = times.after(at(day), 60);
      const backward = times.before((forward.at(-1) ?? 0) + 1, 60);
      expect([cron, day, ...iso(backward)]).toEqual([cron, day, ...iso(forward)]);
    }
  }
});

test('each second of lateness within a minute is on time; later slots follow the catch-up policy', async () => {
  const times = await readCron('nightly', '0 * * * *', 'UTC');
  const last = at('2026-01-01T00:00:00Z');
  const now = at('2026-01-01T03:00:59Z');
  const [one, two, three] = [1, 2, 3].map((h) => at(`2026-01-01T0${h}:00:00Z`));

  expect(due(plain('skip'), last, now, times).run).toEqual([three]);
  expect(due(plain('skip'), last, now + 62_000, times).run).toEqual([]);
  const latest = due(plain('latest'), last, now + 3_000_000, times);
  expect(latest.run).toEqual([three]);
  expect(latest.skip).toEqual([
    { slot: one, why: 'missed by 3 h; catchup runs the latest only' },
    { slot: two, why: 'missed by 2 h; catchup runs the latest only' },
  ]);
  expect(due(plain('all'), last, now, times).run).toEqual([one, two, three]);
});

test('catch-up of all has a cap, and every slot under it is named', async () => {
  const times = await readCron('nightly', '0 * * * *', 'UTC');
  const last = at('2026-01-01T00:00:00Z');
  const { run, skip } = due(plain('all'), last, last + 30 * 3_600_000, times);
  expect(run).toHaveLength(CATCHUP_CAP);
  expect(skip).toHaveLength(30 - CATCHUP_CAP);
  expect(new Set([...run, ...skip.map(({ slot }) => slot)]).size).toBe(30);
});

test('a very long absence is one stretch and a bounded list, without a hole between', async () => {
  const times = await readCron('nightly', '* * * * * *', 'UTC');
  const last = at('2025-01-01T00:00:00Z');
  const now = at('2026-01-01T00:00:00Z');
  const { run, skip } = due(plain('latest'), last, now, times);
  expect(run).toEqual([now]);
  expect(skip).toHaveLength(LISTED);
  const year = 365 * 86_400;
  expect(skip[0]).toMatchObject({ slot: last + 1000, until: now - LISTED * 1000, count: year - LISTED });
  // Uneven ones are counted as they are: nine hours of each working day.
  const office = await readCron('office', '*/5 9-17 * * 1-5', 'UTC');
  const [monday, friday] = [at('2026-01-05T00:00:00Z'), at('2026-01-17T00:00:00Z')];
  const uneven = due({ ...plain('latest'), name: 'office' }, monday - 1, friday, office);
  expect(uneven.run.length + uneven.skip.reduce((n, { count = 1 }) => n + count, 0)).toBe(10 * 9 * 12);
  expect(skip[1]?.slot).toBe(now - (LISTED - 1) * 1000);
});

test('nothing at or before the last slot is due again, also when the clock went back', async () => {
  const times = await readCron('nightly', '0 * * * *', 'UTC');
  const last = at('2026-01-01T05:00:00Z');
  for (const now of ['2026-01-01T05:00:00Z', '2026-01-01T05:59:59.999Z', '2026-01-01T02:30:00Z']) {
    const { run, skip, next } = due(plain('all'), last, at(now), times);
    expect([run, skip, next]).toEqual([[], [], at('2026-01-01T06:00:00Z')]);
  }
});

test('jitter is the same for everybody, within its bound, and holds later slots back', async () => {
  const schedule: DueSchedule = { name: 'nightly', catchup: 'all', jitter: 1_800_000 };
  const times = await readCron('nightly', '0 * * * *', 'UTC');
  const slots = times.after(at('2026-01-01T00:00:00Z'), 500);
  const offsets = slots.map((slot) => jitterOf(schedule, slot));
  expect(offsets).toEqual(slots.map((slot) => jitterOf({ ...schedule }, slot)));
  expect(Math.min(...offsets)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...offsets)).toBeLessThanOrEqual(1_800_000);
  expect(new Set(offsets).size).toBeGreaterThan(400);
  const [slot = 0] = slots;
  const [offset = 0] = offsets;
  expect(due(schedule, slot - 1, slot + offset - 1, times)).toEqual({
    run: [],
    skip: [],
    next: slot + offset,
  });
  expect(due(schedule, slot - 1, slot + offset, times).run).toEqual([slot]);
});

test('the run at start stands in for what was missed', async () => {
  const times = await readCron('nightly', '0 3 * * *', 'UTC');
  const start = at('2026-01-04T10:00:00.123Z');
  const { run, skip } = due(plain('latest'), at('2026-01-01T03:00:00Z'), start, times, { start });
  expect(run).toEqual([start]);
  expect(iso(skip.map(({ slot }) => slot))).toEqual([
    '2026-01-02T03:00:00.000Z',
    '2026-01-03T03:00:00.000Z',
    '2026-01-04T03:00:00.000Z',
  ]);
  expect(skip[2]?.why).toBe('missed by 7 h; the run at start stands in for it');
});

test.each([
  ['never due', '0 0 31 2 *', 'UTC'],
  ['not a cron line', '61 * * * *', 'UTC'],
  ['seven fields', '* * * * * * *', 'UTC'],
  ['no such zone', '0 3 * * *', 'Mars/Olympus'],
])('a schedule that is %s is refused with its name', async (_why, cron, zone) => {
  await expect(readCron('nightly', cron, zone)).rejects.toMatchObject({
    code: 'SCHEDULE_CRON_INVALID',
    params: { schedule: 'nightly' },
  });
});
