import { expect, test } from 'vitest';
import { Waiters } from '../../daemon/chat/waiters.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who waits for one thing is not made to look when another changes; the end of waiting reaches all', async () => {
  const waiters = new Waiters(new ManualClock());
  const looks = { a: 0, b: 0 };
  const state = { a: 1, b: 1 };
  const wait = { wait: 1000, signal: new AbortController().signal };
  const ask = (about: 'a' | 'b') =>
    waiters.until(
      wait,
      () => {
        looks[about] += 1;
        return Promise.resolve(state[about]);
      },
      (found) => found > 1,
      about,
    );
  const [a, b] = [ask('a'), ask('b')];
  await turn();
  waiters.wake('a');
  waiters.wake();
  await turn();
  expect(looks).toEqual({ a: 2, b: 1 });
  state.a = 2;
  waiters.wake('a');
  expect(await a).toBe(2);
  waiters.quiet();
  expect([await b, await ask('b')]).toEqual([1, 1]);
});

test('what changes while it is being looked at is looked at again', async () => {
  const waiters = new Waiters(new ManualClock());
  let state = 1;
  const found = await waiters.until(
    { wait: 1000, signal: new AbortController().signal },
    async () => {
      const seen = state;
      if (state === 1) {
        state = 2;
        waiters.wake('a');
      }
      await turn();
      return seen;
    },
    (seen) => seen === 2,
    'a',
  );
  expect(found).toBe(2);
});
