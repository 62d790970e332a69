import { expect, test } from 'vitest';
import { Deadlines } from '../../daemon/integrations/webhooks/deadlines.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const never = (): Promise<string> => new Promise(() => undefined);
const late = (): Error => new Error('late');
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('each is late after its own time, whichever began first, and what was in time is not', async () => {
  const clock = new ManualClock();
  const deadlines = new Deadlines(clock);
  const ended: string[] = [];
  const begin = (name: string, ms: number, work = never()): void =>
    void deadlines.within(ms, work, late).then(
      (value) => ended.push(`${name} ${value}`),
      (error: Error) => ended.push(`${name} ${error.message}`),
    );
  let finish = (_value: string): void => undefined;
  begin('long', 9000);
  begin('short', 4000);
  begin('in time', 4000, new Promise((resolve) => (finish = resolve)));
  begin('failed', 4000, Promise.reject(new Error('broken')));
  await settled();
  expect(ended.splice(0)).toEqual(['failed broken']);
  await clock.advance(3999);
  await settled();
  expect(ended).toEqual([]);
  finish('done');
  await settled();
  await clock.advance(1);
  await settled();
  expect(ended.splice(0)).toEqual(['in time done', 'short late']);
  begin('later', 5500);
  await clock.advance(4999);
  await settled();
  expect(ended).toEqual([]);
  await clock.advance(1);
  await settled();
  expect(ended.splice(0)).toEqual(['long late']);
  await clock.advance(4000);
  await settled();
  expect(ended).toEqual(['later late']);
});
