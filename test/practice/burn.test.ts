import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  budgetOf,
  burnRate,
  judge,
  step,
  WINDOWS,
  type BurnWindow,
  type Memory,
} from '../../daemon/practice/slo/burn.ts';
import { Counts } from '../../daemon/practice/slo/counts.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.UTC(2026, 0, 1);

interface World {
  objective: string;
  interval: number;
  minBad: number;
}

/** Samples of one probe, one look after each, as the daemon counts and judges them. */
class Run {
  readonly counts = new Counts(30 * DAY);
  readonly world: World;
  now = START;
  memory: Memory = {};
  /** `page 1h`, in the order in which they opened. */
  opened: string[] = [];

  constructor(world: World) {
    this.world = world;
  }

  /** Samples from before the first look. */
  history(ms: number): void {
    for (const end = this.now + ms; this.now < end; this.now += this.world.interval)
      this.counts.add(this.now, true);
  }

  sample(good: boolean | null): void {
    this.now += this.world.interval;
    if (good !== null) this.counts.add(this.now, good);
    const before = this.memory;
    this.memory = step(before, this.now, (window) => this.verdict(window));
    for (const { name, severity } of WINDOWS)
      if (this.memory[name]?.open === true && before[name]?.open !== true)
        this.opened.push(`${severity} ${name}`);
  }

  verdict(window: BurnWindow) {
    const least = 2 * this.world.interval;
    const long = this.counts.last(Math.max(window.long, least), this.now);
    const short = this.counts.last(Math.max(window.short, least), this.now);
    return judge(window, { long, short }, budgetOf(this.world.objective), this.world.minBad);
  }

  for(ms: number, good: boolean | null): void {
    for (const end = this.now + ms; this.now < end;) this.sample(good);
  }

  open(): string[] {
    return WINDOWS.filter(({ name }) => this.memory[name]?.open === true).map(({ name }) => name);
  }
}

const worlds = fc.record({
  objective: fc.constantFrom('99', '99.5', '99.9', '99.95', '99.99'),
  interval: fc.constantFrom(20_000, MINUTE, 5 * MINUTE),
  minBad: fc.integer({ min: 2, max: 10 }),
});
const runs = { numRuns: 25 };

test('budgets are exact, and a rate is how many times faster than sustainable', () => {
  expect(['99.9', '99', '0', '99.9999', '5.05'].map(budgetOf)).toEqual([1000, 10_000, 1_000_000, 1, 949_500]);
  expect(burnRate({ good: 999, bad: 1 }, 1000)).toBe(1);
  expect(burnRate({ good: 0, bad: 7 }, 1000)).toBe(1000);
  expect(burnRate({ good: 0, bad: 0 }, 1000)).toBeNull();
});

test('a rate exactly at the limit is not above it; one sample more is', () => {
  const [fast] = WINDOWS;
  if (fast === undefined) throw new Error('no window');
  // 14.4 × 0.1 % of 10,000 are 144.
  const tally = (bad: number) => ({ good: 10_000 - bad, bad });
  expect(judge(fast, { long: tally(144), short: tally(144) }, 1000, 5)).toBe('calm');
  expect(judge(fast, { long: tally(145), short: tally(145) }, 1000, 5)).toBe('burning');
  expect(judge(fast, { long: tally(145), short: tally(10) }, 1000, 5)).toBe('calm');
  expect(judge(fast, { long: tally(10), short: tally(145) }, 1000, 5)).toBe('unclear');
  expect(judge(fast, { long: tally(145), short: tally(145) }, 1000, 146)).toBe('unclear');
});

test('one failed run of a probe never opens an alert, whatever came before and however few samples there are', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 0, max: 400 }), fc.boolean(), (world, before, blind) => {
      const run = new Run(world);
      for (let i = 0; i < before; i++) run.sample(true);
      run.sample(false);
      for (let i = 0; i < 50; i++) run.sample(blind ? null : true);
      expect(run.opened).toEqual([]);
    }),
    runs,
  );
});

test('fewer bad samples than min_bad never open an alert, also when nothing else was measured', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const run = new Run(world);
      for (let i = 1; i < world.minBad; i++) run.sample(false);
      expect(run.opened).toEqual([]);
      run.sample(false);
      expect(run.opened).toEqual(['page 1h']);
    }),
    runs,
  );
});

test('a total outage pages within the share of an hour that the rate allows, and exactly once', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 72, max: 100 }), (world, hours) => {
      const run = new Run(world);
      run.history(hours * HOUR);
      const perHour = Math.max(1, Math.floor(HOUR / world.interval) + 2);
      // A window is at most a minute longer than it says.
      const needed = Math.floor(14.4 * (budgetOf(world.objective) / 1_000_000) * (perHour + 3)) + 1;
      const limit = Math.max(world.minBad, needed) * world.interval;
      const began = run.now;
      while (run.opened.length === 0 && run.now - began < DAY) run.sample(false);
      expect(run.opened).toEqual(['page 1h']);
      expect(run.now - began).toBeLessThanOrEqual(limit);
      run.for(2 * HOUR, false);
      expect(run.opened).toEqual(['page 1h']);
    }),
    runs,
  );
});

test('at 20 s and 99.9 % an outage pages after 100 s: min_bad, not the rate, is what it waits for', () => {
  const run = new Run({ objective: '99.9', interval: 20_000, minBad: 5 });
  run.history(DAY);
  for (let i = 0; i < 4; i++) run.sample(false);
  expect(run.opened).toEqual([]);
  run.sample(false);
  expect(run.opened).toEqual(['page 1h']);
});

test('recovery ends the alert as soon as the short window is clean, and nothing slower is told of the same outage', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 30, max: 120 }), (world, minutes) => {
      // Long enough for as many bad samples in the hour as the objective asks for.
      fc.pre((world.minBad + 2) * world.interval <= Math.min(minutes * MINUTE, HOUR));
      const run = new Run(world);
      run.history(4 * DAY);
      run.for(minutes * MINUTE, false);
      expect(run.open()).toContain('1h');
      run.for(Math.max(5 * MINUTE, 2 * world.interval) + 2 * MINUTE + 2 * world.interval, true);
      expect(run.open()).toEqual([]);
      run.for(8 * HOUR, true);
      expect(run.opened).toEqual(['page 1h']);
    }),
    { numRuns: 10 },
  );
});

test('a slow leak that no fast window sees warns, and stays until it has stopped', () => {
  // Twice too fast: below 3.
  const run = new Run({ objective: '99', interval: MINUTE, minBad: 5 });
  run.history(DAY);
  for (let i = 0; i < 3 * 24 * 60; i++) run.sample(i % 50 !== 0);
  expect(run.opened).toEqual(['warn 3d']);
  run.for(7 * HOUR, true);
  expect(run.open()).toEqual([]);
});

test('a leak that goes on after a page is told by the slower window once its short one lies after the page', () => {
  const run = new Run({ objective: '99', interval: 20_000, minBad: 5 });
  run.history(4 * DAY);
  run.for(30 * MINUTE, false);
  expect(run.opened).toEqual(['page 1h']);
  // 1 of 12: eight times too fast.
  for (let i = 0; i < 6 * 180; i++) run.sample(i % 12 !== 0);
  expect(run.opened).toEqual(['page 1h', 'page 6h']);
});

test('without samples what is open stays open until the long window is empty, and nothing opens', () => {
  const run = new Run({ objective: '99.9', interval: MINUTE, minBad: 5 });
  run.for(HOUR, true);
  run.for(10 * MINUTE, false);
  expect(run.open()).toEqual(['1h']);
  run.for(40 * MINUTE, null);
  expect(run.open()).toEqual(['1h']);
  run.for(30 * MINUTE, null);
  expect(run.open()).toEqual([]);
  expect(run.opened).toEqual(['page 1h']);
});

test('the rings forget what is older than they reach, and keep what comes late', () => {
  const counts = new Counts(7 * DAY);
  counts.add(START, false);
  counts.add(START + 8 * DAY, true);
  expect(counts.last(7 * DAY, START + 8 * DAY)).toEqual({ good: 1, bad: 0 });
  counts.add(START + 8 * DAY - 2 * HOUR, false);
  expect(counts.last(3 * HOUR, START + 8 * DAY)).toEqual({ good: 1, bad: 1 });
  expect(counts.last(HOUR, START + 8 * DAY)).toEqual({ good: 1, bad: 0 });
  // Where newer samples stand already, older ones are not added to them.
  counts.add(START + 8 * DAY - 3 * DAY - 2 * MINUTE, false);
  expect(counts.last(MINUTE, START + 8 * DAY)).toEqual({ good: 1, bad: 0 });
  expect(counts.between(START + 7 * DAY, START + 8 * DAY)).toEqual({ good: 0, bad: 1 });
});
