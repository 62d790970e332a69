import { expect, test } from 'vitest';
import { Budget } from '../../daemon/integrations/linear/budget.ts';
import { Lane } from '../../daemon/integrations/linear/lane.ts';
import { LinearProblem } from '../../daemon/integrations/linear/problem.ts';
import type { Waiting } from '../../daemon/integrations/linear/projection.ts';
import { uuidOf } from '../../daemon/integrations/linear/ids.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const HOUR = 3_600_000;

function rig() {
  const clock = new ManualClock();
  const waiting: Waiting[] = [];
  const told: (string | null)[] = [];
  const tried: { op: string; at: number }[] = [];
  const budget = new Budget();
  const behave = { next: (_work: Waiting): LinearProblem | undefined => undefined, max: 1000 };
  const lane = new Lane({
    clock,
    waiting: () => waiting,
    perform(work) {
      budget.spent(clock.monotonic());
      tried.push({ op: work.op, at: clock.monotonic() });
      const problem = behave.next(work);
      return problem === undefined ? Promise.resolve({ outcome: 'done' }) : Promise.reject(problem);
    },
    record(op) {
      waiting.splice(
        waiting.findIndex((one) => one.op === op),
        1,
      );
      return Promise.resolve();
    },
    failed: () => undefined,
    budget: () => budget.wait(behave.max, clock.monotonic()),
    tell: (trouble) => told.push(trouble),
    clean: (text) => text,
    warn: (_what, error) => {
      throw error;
    },
  });
  const add = (op: string, issue = op): void => {
    const work = { kind: 'state' as const, to: 'open' as const };
    waiting.push({ op, issue, work, since: clock.now() });
    lane.go();
  };
  return { clock, waiting, told, tried, behave, lane, add, budget };
}

test('an hour without Linear: the breaker asks a few times instead of once for each, nothing is lost, people are told once and told of the end', async () => {
  const { clock, waiting, told, tried, behave, add } = rig();
  behave.next = () => new LinearProblem('down', 'connect ECONNREFUSED');
  for (let n = 0; n < 100; n++) add(`op${n}`);
  await clock.advance(HOUR);
  expect(waiting).toHaveLength(100);
  expect(tried.length).toBeLessThan(20);
  expect(told).toEqual(['connect ECONNREFUSED']);
  behave.next = () => undefined;
  await clock.advance(HOUR / 6 + 200_000);
  expect(waiting).toEqual([]);
  expect(told).toEqual(['connect ECONNREFUSED', null]);
});

test('a spent limit is waited for as long as Linear says, a key that is refused is told of at once', async () => {
  const { clock, waiting, told, tried, behave, add } = rig();
  behave.next = () => new LinearProblem('limited', 'spent', { retryAfter: 1_800_000 });
  add('a');
  await clock.advance(1_799_000);
  expect([tried.length, told]).toEqual([1, ['spent']]);
  behave.next = () => new LinearProblem('refused', 'it does not take the key');
  await clock.advance(2000);
  expect([tried.length, told]).toEqual([2, ['spent', 'it does not take the key']]);
  behave.next = () => undefined;
  await clock.advance(HOUR);
  expect([waiting.length, told.at(-1)]).toEqual([0, null]);
});

test('what alone is refused waits with what follows on its issue, and lets the rest pass', async () => {
  const { clock, waiting, tried, told, behave, add } = rig();
  behave.next = ({ op }) => (op === 'bad' ? new LinearProblem('invalid', 'title too long') : undefined);
  add('bad', 'one');
  add('after', 'one');
  add('other', 'two');
  await clock.advance(1000);
  expect(tried.map(({ op }) => op)).toEqual(['bad', 'other']);
  expect([waiting.map(({ op }) => op), told.at(-1)]).toEqual([['bad', 'after'], 'title too long']);
  behave.next = () => undefined;
  await clock.advance(HOUR);
  expect(tried.slice(2).map(({ op }) => op)).toEqual(['bad', 'after']);
  expect(told.at(-1)).toBeNull();
});

test('our own budget and the rest that Linear has left are kept to', async () => {
  const { clock, waiting, tried, behave, add, budget } = rig();
  behave.max = 10;
  for (let n = 0; n < 25; n++) add(`op${n}`);
  await clock.advance(1000);
  expect([tried.length, waiting.length]).toEqual([10, 15]);
  await clock.advance(HOUR);
  expect(tried).toHaveLength(20);

  behave.max = 1000;
  budget.heard({ remaining: 499, limit: 5000, reset: clock.now() + 60_000 }, clock.now(), clock.monotonic());
  expect(budget.wait(1000, clock.monotonic())).toBe(60_000);
  budget.heard({ remaining: 500, limit: 5000, reset: clock.now() + 60_000 }, clock.now(), clock.monotonic());
  expect(budget.wait(1000, clock.monotonic())).toBe(0);
});

test('a derived id is a UUID of version 4, the same each time', () => {
  const id = uuidOf('incident', 'inc_1f2e3d4c5b6a7988');
  expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(uuidOf('incident', 'inc_1f2e3d4c5b6a7988')).toBe(id);
  expect(uuidOf('incident', 'inc_1f2e3d4c5b6a7989')).not.toBe(id);
});
