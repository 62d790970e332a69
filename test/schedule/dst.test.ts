import fc from 'fast-check';
import { expect, test } from 'vitest';
import { offsets } from '../../daemon/calendar.ts';
import type { DstPolicy } from '../../daemon/schedule/dst.ts';
import { readCron } from '../../daemon/schedule/times.ts';

const at = (text: string): number => Date.parse(text);

async function slots(cron: string, dst: DstPolicy, from: string, to: string, zone = 'Europe/Berlin') {
  const times = await readCron('nightly', cron, zone, dst);
  return times
    .after(at(from), 40)
    .filter((slot) => slot <= at(to))
    .map((slot) => new Date(slot).toISOString().slice(5, 16));
}
const SPRING = ['2026-03-28T12:00Z', '2026-03-30T12:00Z'] as const;
const AUTUMN = ['2026-10-24T12:00Z', '2026-10-26T12:00Z'] as const;

test('gap: a fixed time that does not exist runs at the first valid one, or not at all', async () => {
  expect(await slots('30 2 * * *', { gap: 'next' }, ...SPRING)).toEqual(['03-29T01:00', '03-30T00:30']);
  expect(await slots('30 2 * * *', { gap: 'skip' }, ...SPRING)).toEqual(['03-30T00:30']);
});

test('fold: a fixed time that comes twice runs at the first, the second, or both', async () => {
  const cron = '30 2 * * *';
  expect(await slots(cron, { fold: 'first' }, ...AUTUMN)).toEqual(['10-25T00:30', '10-26T01:30']);
  expect(await slots(cron, { fold: 'second' }, ...AUTUMN)).toEqual(['10-25T01:30', '10-26T01:30']);
  expect(await slots(cron, { fold: 'both' }, ...AUTUMN)).toEqual([
    '10-25T00:30',
    '10-25T01:30',
    '10-26T01:30',
  ]);
});

test('fold: an interval runs in one of the two hours when it is told so', async () => {
  const day = ['2026-10-24T20:00Z', '2026-10-25T20:00Z'] as const;
  expect(await slots('*/30 2 * * *', {}, ...day)).toHaveLength(4);
  expect(await slots('*/30 2 * * *', { fold: 'first' }, ...day)).toEqual(['10-25T00:00', '10-25T00:30']);
  expect(await slots('*/30 2 * * *', { fold: 'second' }, ...day)).toEqual(['10-25T01:00', '10-25T01:30']);
});

test('half-hour changes (Lord Howe) and the southern half of the world', async () => {
  const howe = ['2026-04-04T00:00Z', '2026-04-05T12:00Z', 'Australia/Lord_Howe'] as const;
  // 02:00 falls back by thirty minutes: 01:45 comes twice.
  expect(await slots('45 1 * * *', { fold: 'both' }, ...howe)).toEqual(['04-04T14:45', '04-04T15:15']);
  const sydney = ['2026-10-03T00:00Z', '2026-10-04T12:00Z', 'Australia/Sydney'] as const;
  expect(await slots('30 2 * * *', { gap: 'skip' }, ...sydney)).toEqual([]);
});

test('whatever the policy, slots ascend, none comes twice, and looking from between gives the rest', async () => {
  const zones = [
    'Europe/Berlin',
    'America/New_York',
    'Australia/Lord_Howe',
    'Antarctica/Troll',
    'Asia/Kolkata',
  ];
  const lines = ['30 2 * * *', '15 1,2,3 * * *', '*/20 * * * *', '0 0 * * 0', '59 1 * 3,10 *'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...zones),
      fc.constantFrom(...lines),
      fc.constantFrom('next' as const, 'skip' as const, undefined),
      fc.constantFrom('first' as const, 'second' as const, 'both' as const, undefined),
      fc.integer({ min: at('2026-01-01'), max: at('2026-12-01') }),
      async (zone, cron, gap, fold, from) => {
        const dst = { ...(gap === undefined ? {} : { gap }), ...(fold === undefined ? {} : { fold }) };
        const times = await readCron('x', cron, zone, dst);
        const all = times.after(from, 12);
        expect(all).toEqual([...new Set(all)].toSorted((a, b) => a - b));
        const [, , third] = all;
        if (third !== undefined) {
          expect(times.after(third, 9)).toEqual(all.slice(3));
          expect(times.before(third, 2)).toEqual(all.slice(0, 2));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('offsets are those of the zone', () => {
  expect(offsets('Europe/Berlin')(at('2026-07-01T00:00Z'))).toBe(2 * 3_600_000);
  expect(offsets('Asia/Kolkata')(at('2026-07-01T00:00Z'))).toBe(5.5 * 3_600_000);
  expect(offsets('America/St_Johns')(at('2026-01-01T00:00Z'))).toBe(-3.5 * 3_600_000);
});
