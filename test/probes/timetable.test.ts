import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../daemon/probes/heap.ts';
import { spread } from '../../daemon/probes/spread.ts';
import { Timetable } from '../../daemon/probes/timetable.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

function setUp(options: { max?: number; takes?: number } = {}) {
  const clock = new ManualClock();
  const runs: [string, number][] = [];
  const slips: [string, number][] = [];
  const table = new Timetable({
    clock,
    run: async (name) => {
      runs.push([name, clock.monotonic()]);
      if (options.takes !== undefined) await clock.sleep(options.takes);
    },
    slipped: (name, slots) => slips.push([name, slots]),
    ...(options.max === undefined ? {} : { max: options.max }),
  });
  return { clock, runs, slips, table };
}

test('a heap gives back the smallest first', () => {
  fc.assert(
    fc.property(fc.array(fc.integer()), (numbers) => {
      const heap = new Heap<number>((n) => n);
      for (const n of numbers) heap.push(n);
      const out = numbers.map(() => heap.pop());
      expect(out).toEqual(numbers.toSorted((a, b) => a - b));
      expect(heap.pop()).toBeUndefined();
    }),
  );
});

test('starts are dealt out evenly over the interval, the same way each time', () => {
  const probes = Array.from({ length: 1000 }, (_, i) => ({ name: `p${i}`, interval: 20_000 }));
  const offsets = spread(probes);
  const sorted = [...offsets.values()].toSorted((a, b) => a - b);
  expect(sorted[0]).toBe(10);
  for (let i = 1; i < 1000; i++) expect((sorted[i] ?? 0) - (sorted[i - 1] ?? 0)).toBeCloseTo(20);
  expect(spread(probes.toReversed())).toEqual(offsets);
  const alone = spread([{ name: 'web', interval: 1000 }]).get('web') ?? -1;
  expect(alone).toBeGreaterThanOrEqual(0);
  expect(alone).toBeLessThan(1000);
});

test('every probe has run within one interval, and then once in each', async () => {
  const { clock, runs, slips, table } = setUp();
  const probes = Array.from({ length: 50 }, (_, i) => ({ name: `p${i}`, interval: 1000 }));
  for (const [name, first] of spread(probes)) table.add(name, 1000, first);
  await clock.advance(1000);
  expect(new Set(runs.map(([name]) => name)).size).toBe(50);
  await clock.advance(9000);
  expect(runs).toHaveLength(500);
  expect(slips).toEqual([]);
});

test('lateness does not add up: slots lie on a grid', async () => {
  const { clock, runs, table } = setUp({ takes: 300 });
  table.add('a', 1000, 250);
  await clock.advance(5000);
  expect(runs.map(([, at]) => at)).toEqual([250, 1250, 2250, 3250, 4250]);
});

test('slots that went by while the process stood still have slipped, each of them', async () => {
  const { clock, runs, slips, table } = setUp();
  table.add('a', 1000, 0);
  clock.block(5400);
  await clock.advance(0);
  expect(runs).toEqual([['a', 5400]]);
  expect(slips).toEqual([['a', 5]]);
  await clock.advance(600);
  expect(runs).toHaveLength(2);
  expect(slips).toHaveLength(1);
});

test('while the machine sleeps no slot is due', async () => {
  const { clock, runs, slips, table } = setUp();
  table.add('a', 1000, 0);
  await clock.advance(500);
  clock.suspend(8 * 3_600_000);
  await clock.advance(1000);
  expect(runs).toHaveLength(2);
  expect(slips).toEqual([]);
});

test('a slot that finds no place waits, and has slipped when the next one comes first', async () => {
  const { clock, runs, slips, table } = setUp({ max: 1, takes: 700 });
  table.add('a', 1000, 0);
  table.add('b', 1000, 10);
  await clock.advance(5000);
  const ran = (name: string): number => runs.filter(([one]) => one === name).length;
  const slipped = (name: string): number =>
    slips.filter(([one]) => one === name).reduce((sum, [, slots]) => sum + slots, 0);
  // 700 ms each, one at a time: 7 runs in five seconds for ten slots.
  expect(ran('a') + ran('b')).toBeLessThanOrEqual(8);
  for (const name of ['a', 'b']) {
    // Each slot was run, has slipped, or waits still.
    const slots = name === 'a' ? 6 : 5;
    expect(slots - ran(name) - slipped(name)).toBeGreaterThanOrEqual(0);
    expect(slots - ran(name) - slipped(name)).toBeLessThanOrEqual(1);
    expect(ran(name)).toBeGreaterThan(1);
  }
});

test('a run that lasts beyond its interval is never doubled', async () => {
  const { clock, runs, slips, table } = setUp({ takes: 2500 });
  table.add('a', 1000, 0);
  await clock.advance(10_000);
  for (const [i, [, at]] of runs.entries())
    expect(at - (runs[i - 1]?.[1] ?? -2500)).toBeGreaterThanOrEqual(2500);
  expect(slips.length).toBeGreaterThan(0);
});

test('what was removed runs no more, and stopping ends all', async () => {
  const { clock, runs, table } = setUp();
  table.add('a', 1000, 0);
  table.add('b', 1000, 0);
  await clock.advance(10);
  table.remove('a');
  await clock.advance(1000);
  expect(runs.map(([name]) => name).toSorted()).toEqual(['a', 'b', 'b']);
  expect(table.next('a')).toBeNull();
  table.stop();
  await clock.advance(5000);
  expect(runs).toHaveLength(3);
});
