import { expect, test } from 'vitest';
import type { LedgerRecord } from '../../contracts/record.ts';
import { Offers } from '../../daemon/chat/offers.ts';
import { chatProjection } from '../../daemon/chat/projection.ts';
import { BEN, deploy, openChatRig, sayAll, ANA } from './rig.ts';

const HOUR = 3_600_000;
const button = (n: number): string => `btn_${String(n).padStart(24, '0')}`;

test('a button is known for a day after its time, and then forgotten; of any number the newest are kept', () => {
  const state = chatProjection.initial();
  const offer = (n: number, ts: number): void => {
    const body = {
      id: button(n),
      for: ['ana'],
      once: true,
      command: 'deploy',
      args: {},
      label: 'Go',
      expires: ts + HOUR,
    };
    chatProjection.apply(state, { seq: n, ts, type: 'chat.offered', body } as LedgerRecord<'chat.offered'>);
  };
  const known = (): number[] => Object.keys(state.offers.by).map((id) => Number(id.slice(4)));
  offer(1, 0);
  offer(2, 24 * HOUR);
  expect(known()).toEqual([1, 2]);
  offer(3, 26 * HOUR);
  expect(known()).toEqual([2, 3]);
  const [body] = Object.values(state.offers.by);
  if (body === undefined) throw new Error('no button');
  state.offers = {
    size: 5000,
    by: Object.fromEntries(
      Array.from({ length: 5000 }, (_, n) => [button(n), { ...body, expires: 26 * HOUR }]),
    ),
  };
  offer(5000, 26 * HOUR);
  expect([state.offers.size, known().length, known()[0], known().at(-1)]).toEqual([5000, 5000, 1, 5000]);
});

test('a card’s button that anybody may press again and again ends with its time, too', async () => {
  const rig = await openChatRig();
  await sayAll(rig);
  await rig.press(ANA, await rig.say(ANA, deploy('prod')), 'Confirm exactly this');
  const [card] = await sayAll(rig);
  if (card === undefined) throw new Error('no card');
  expect((await rig.press(BEN, card, 'Look and decide')).reply.ok).toBe(true);
  const { clock } = rig.app.store;
  const now = clock.now.bind(clock);
  clock.now = () => now() + 5 * HOUR;
  expect((await rig.press(BEN, card, 'Look and decide')).reply.error?.code).toBe('PRESS_EXPIRED');
});

test('a time that is over between the look and the use counts, too', async () => {
  const rig = await openChatRig();
  const { ledger, state, clock } = rig.app.store;
  const now = clock.now.bind(clock);
  const offers = new Offers({ ledger, state, clock, hex: (digits) => 'a'.repeat(digits) });
  const go = { for: ['ana'], once: true, command: 'deploy', args: {}, label: 'Go', tone: 'good' as const };
  const { id } = await offers.make({ ...go, expires: now() + HOUR });
  const offer = offers.look(id, 'ana', {});
  clock.now = () => now() + HOUR;
  await expect(offers.use(offer, 'ana', 'discord/1')).rejects.toMatchObject({ code: 'PRESS_EXPIRED' });
  expect(await rig.records('chat.pressed')).toEqual([]);
});
