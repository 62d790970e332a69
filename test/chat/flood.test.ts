import { expect, test } from 'vitest';
import { Flood } from '../../daemon/chat/flood.ts';
import { Sparse } from '../../daemon/chat/sparse.ts';
import { ManualClock } from '../helpers/manual-clock.ts';
import { deploy, fromOf, openChatRig, ANA, BEN } from './rig.ts';

test('a flood of one account is refused politely and harms no other', () => {
  let now = 0;
  const flood = new Flood(() => now, { burst: 5, every: 1000 });
  const asks = (account: string): string => {
    try {
      flood.take(account);
      return 'taken';
    } catch (error) {
      return (error as Error & { code: string; hint: string }).hint;
    }
  };
  expect(Array.from({ length: 5 }, () => asks('a'))).toEqual(Array.from({ length: 5 }, () => 'taken'));
  for (let i = 0; i < 100; i++)
    expect(asks('a')).toBe('Wait 1 s, then ask again. Nothing of this one was done.');
  expect(asks('b')).toBe('taken');
  now += 1000;
  expect([asks('a'), asks('a')]).toEqual([
    'taken',
    'Wait 1 s, then ask again. Nothing of this one was done.',
  ]);
  for (let i = 0; i < 20_000; i++) asks(`other-${i}`);
  now += 60_000;
  expect(asks('a')).toBe('taken');
});

test('of refusals alike the first is written, and after a minute how many more there were', async () => {
  const clock = new ManualClock();
  const sparse = new Sparse(clock);
  const written: string[] = [];
  const record = (whose: string) =>
    sparse.record(whose, (count) => {
      written.push(`${whose} ${count}`);
      return Promise.resolve(written.length);
    });
  expect(await Promise.all([record('ana'), record('ana'), record('ana'), record('ben')])).toEqual([
    1,
    undefined,
    undefined,
    2,
  ]);
  await clock.advance(60_000);
  expect(written).toEqual(['ana 1', 'ben 1', 'ana 2']);
  expect(await record('ana')).toBe(4);
  for (let i = 0; i < 1000; i++) await record(`stranger-${i}`);
  expect(written.length).toBeLessThan(110);
});

test('a person is one person on both platforms: a flood over two linked accounts is one, bounded and recorded once', async () => {
  const rig = await openChatRig();
  const accounts = [ANA, 'U0000ANA'];
  const answers = await Promise.all(
    Array.from({ length: 30 }, (_, i) =>
      rig.say(accounts[i % 2] ?? ANA, { kind: 'command', command: 'status', args: {} }),
    ),
  );
  const flooded = answers.filter(({ reply }) => reply.error?.code === 'CHAT_FLOOD');
  // Ten at once, whatever the time between them: a few more when the machine is slow.
  expect(flooded.length).toBeGreaterThanOrEqual(15);
  expect(flooded.length).toBeLessThanOrEqual(20);
  expect(flooded[0]?.reply.error?.hint).toMatch(
    /^Wait \d+ s, then ask again\. Nothing of this one was done\.$/,
  );
  const records = (await rig.records('admission.refused')).filter(
    ({ body }) => body.error.code === 'CHAT_FLOOD',
  );
  expect(records).toHaveLength(1);
  expect(records[0]?.body.actor.person).toBe('ana');
  // Others are answered meanwhile, and what was refused may be asked again under the same interaction.
  expect((await rig.say(BEN, { kind: 'command', command: 'status', args: {} })).reply.ok).toBe(true);
});

test('attack 43: what was refused as too fast does not count as seen: the same delivery does its work later, once', async () => {
  const rig = await openChatRig();
  for (let i = 0; i < 40; i++) await rig.say(ANA, { kind: 'command', command: 'status', args: {} });
  const more = { interaction: '900000000000099999' };
  const first = await rig.say(ANA, deploy('dev'), more);
  expect(first.reply.error?.code).toBe('CHAT_FLOOD');
  await expect
    .poll(async () => (await rig.say(ANA, deploy('dev'), more)).reply.confirm !== undefined, {
      timeout: 20_000,
    })
    .toBe(true);
  expect(await rig.records('chat.relayed')).toHaveLength(1);
});

test('what is looked up while somebody types has a bound of its own, and uses up nothing of what they may ask', async () => {
  const rig = await openChatRig();
  const { clock } = rig.app.store;
  const now = clock.monotonic();
  clock.monotonic = () => now;
  const bot = rig.bot('discord');
  const types = async (): Promise<number> => {
    const ask = { kind: 'suggest', type: 'project', text: '', given: {} } as const;
    const answer = await bot.relay({ from: fromOf(ANA), ask });
    return answer.kind === 'suggestions' ? answer.suggestions.length : -1;
  };
  const found: number[] = [];
  for (let i = 0; i < 70; i++) found.push(await types());
  expect(found).toEqual([...Array(60).fill(2), ...Array(10).fill(0)]);
  const help = { kind: 'catalogue', typing: true } as const;
  expect(await bot.relay({ from: fromOf(ANA), ask: help })).toMatchObject({
    kind: 'reply',
    reply: { error: { code: 'CHAT_FLOOD' } },
  });
  // Nobody else is kept waiting, and she may still ask.
  expect((await bot.relay({ from: fromOf(BEN), ask: help })).kind).toBe('catalogue');
  expect((await rig.say(ANA, { kind: 'command', command: 'status', args: {} })).reply.ok).toBe(true);
  expect(
    (await rig.records('admission.refused')).filter(({ body }) => body.error.code === 'CHAT_FLOOD'),
  ).toHaveLength(1);
});

test('strangers are bounded, too: each account, and all of them together', async () => {
  const rig = await openChatRig();
  const codes: (string | undefined)[] = [];
  for (let i = 0; i < 100; i++)
    codes.push(
      (
        await rig.say(`7000000000000${String(i).padStart(5, '0')}`, {
          kind: 'command',
          command: 'status',
          args: {},
        })
      ).reply.error?.code,
    );
  expect(codes.slice(0, 50)).toEqual(Array(50).fill('PERSON_UNKNOWN'));
  expect(codes.at(-1)).toBe('CHAT_FLOOD');
});
