import { expect, test } from 'vitest';
import { Desk } from '../../daemon/chat/endpoint/desk.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const unanswered = { code: 'INTERACTION_UNANSWERED' };

test('attack 43: what waits for a bot is bounded in number and time, and what no bot had may come again', async () => {
  const clock = new ManualClock();
  let made = 0;
  const desk = new Desk(clock, () => String((made += 1)));
  let untaken = 0;
  const hand = () => desk.hand('discord', {}, () => void (untaken += 1));
  const waiting = Array.from({ length: 500 }, () => expect(hand()).rejects.toMatchObject(unanswered));
  // One more is not even kept.
  await expect(hand()).rejects.toMatchObject(unanswered);
  expect(untaken).toBe(1);
  await clock.advance(2499);
  expect(untaken).toBe(1);
  await clock.advance(1);
  await Promise.all(waiting);
  expect(untaken).toBe(501);
  // There is room again.
  const answered = desk.hand('discord', {}, () => undefined);
  const wait = { wait: 0, signal: new AbortController().signal };
  const [delivery] = await desk.next('discord', 'one', wait);
  desk.settle('discord', delivery?.id ?? '', { ok: true });
  expect(await answered).toEqual({ ok: true });
});
