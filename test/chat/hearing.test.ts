import { expect, test } from 'vitest';
import type { ChatAsk, ChatFrom } from '../../contracts/chat.ts';
import { described, linearBeside } from '../bots/linear.ts';
import { ANA, BEN, CLEO, VIC, fresh, fromOf, openChatRig, type ChatRig } from './rig.ts';

type Conversation = NonNullable<Extract<ChatAsk, { kind: 'command' }>['conversation']>;
type Said = Conversation['messages'][number];

const HOUR = 3_600_000;
const capture = (conversation?: Conversation): ChatAsk => ({
  kind: 'command',
  command: 'capture',
  ...(conversation === undefined ? {} : { conversation }),
});
const relay = (rig: ChatRig, account: string, ask: ChatAsk, more?: Partial<ChatFrom>) =>
  rig.bot('discord').relay({ from: fromOf(account, more), ask });
const said = (id: string, at: number, text: string | null): Said => ({
  id,
  at,
  account: BEN,
  place: '100000000000000001',
  name: 'somebody',
  text,
});

test('what was said is asked for, bounded, where who asks may; nobody else is told to read', async () => {
  const rig = await openChatRig();
  const interaction = fresh();
  expect(await relay(rig, ANA, capture(), { interaction })).toEqual({
    kind: 'read',
    messages: 20,
    within: 2 * HOUR,
  });
  for (const account of [VIC, CLEO])
    expect(await relay(rig, account, capture())).toMatchObject({
      kind: 'reply',
      reply: { error: { code: 'FORBIDDEN' } },
    });
  expect(await relay(rig, '200000000000000099', capture())).toMatchObject({
    reply: { error: { code: 'PERSON_UNKNOWN' } },
  });
  // A command that is about no conversation needs none, and gets none.
  expect(await relay(rig, ANA, { kind: 'command', command: 'status' })).toMatchObject({ kind: 'reply' });
  // What is only to be read first was not tried yet.
  expect((await rig.records('chat.relayed')).map(({ body }) => body.person)).toEqual(['vic', 'cleo']);
  // Without Linear it says so, and how to have it.
  const answer = await relay(rig, ANA, capture({ thread: false, messages: [said('1', Date.now(), 'x')] }), {
    interaction,
  });
  expect(answer).toMatchObject({ reply: { error: { code: 'LINEAR_OFF' } } });
});

test('to be told to read is no question more: who asks at the bound is answered', async () => {
  const rig = await openChatRig();
  await linearBeside(rig);
  const interactions = Array.from({ length: 10 }, fresh);
  for (const interaction of interactions)
    expect(await relay(rig, ANA, capture(), { interaction })).toMatchObject({ kind: 'read' });
  const conversation = { thread: false, messages: [said('1', Date.now(), 'x')] };
  for (const interaction of interactions)
    expect(await relay(rig, ANA, capture(conversation), { interaction })).toMatchObject({
      reply: { ok: true },
    });
  // A new one is a question, and there is an end to those: one every two seconds is let through.
  let answer = await relay(rig, ANA, capture());
  for (let tries = 0; answer.kind === 'read' && tries < 100; tries++)
    answer = await relay(rig, ANA, capture());
  expect(answer).toMatchObject({ reply: { error: { code: 'CHAT_FLOOD' } } });
});

test('what a bot sends beyond what was asked is left out: too many, too old, later than the chosen one', async () => {
  const rig = await openChatRig();
  const linear = await linearBeside(rig);
  const now = Date.now();
  const old = Array.from({ length: 5 }, (_, n) => said(`1${n}`, now - 3 * HOUR + n, `old ${n}`));
  const near = Array.from({ length: 30 }, (_, n) => said(`2${n}`, now - HOUR + n, `near ${n}`));
  const chosen = said('300', now - HOUR / 2, 'this one');
  const messages = [...old, ...near, chosen, said('400', now, 'later'), said('250', now - HOUR + 29, null)];
  const url = 'https://discord.com/channels/1/2/300';
  const ask = capture({ thread: false, chosen: '300', url, messages });
  expect(await relay(rig, ANA, ask)).toMatchObject({ reply: { ok: true } });
  const [text = ''] = described(linear);
  expect(text).toContain('**Said before** (18 messages)');
  expect(text).toContain('> near 29');
  expect(text).not.toMatch(/near 11\n|old|later/);
  expect(text).toContain(
    '12 earlier messages, for want of room; 1 message whose text Discord keeps from the bot',
  );
  // In a thread age is no matter.
  const thread = capture({ thread: true, chosen: '301', messages: [...old, { ...chosen, id: '301' }] });
  expect(await relay(rig, ANA, thread)).toMatchObject({ reply: { ok: true } });
  expect(described(linear)[1]).toContain('> old 0');
});

test('five people at the same moment: one draft, one of them made it, each has its link', async () => {
  const rig = await openChatRig();
  const linear = await linearBeside(rig);
  const ask = capture({
    thread: false,
    chosen: '1',
    messages: [said('1', Date.now(), 'the export is hidden')],
  });
  const answers = await Promise.all([ANA, BEN, ANA, BEN, ANA].map((account) => relay(rig, account, ask)));
  const titles = answers.map((answer) => (answer.kind === 'reply' ? answer.reply.title : answer.kind));
  expect(titles.filter((title) => title === '📌 Captured as OPS-1')).toHaveLength(1);
  expect(titles.filter((title) => title === '📌 This was captured before, as OPS-1')).toHaveLength(4);
  expect(await rig.records('linear.queued')).toHaveLength(1);
  expect(linear.world.issues).toHaveLength(1);
});

test('a link elsewhere, a message too long and fields that nobody knows are not taken', async () => {
  const rig = await openChatRig();
  const messages = [said('1', Date.now(), 'x')];
  for (const wrong of [
    { thread: false, messages, url: 'https://evil.example/channels/1/2/3' },
    { thread: false, messages, url: 'https://discord.com/x)](javascript:alert(1))' },
    { thread: false, messages: [said('1', Date.now(), 'x'.repeat(40_001))] },
    { thread: false, messages: [{ ...messages[0], person: 'root' }] },
    { thread: false, messages: Array.from({ length: 51 }, (_, n) => said(String(n), n, 'x')) },
  ])
    await expect(relay(rig, ANA, capture(wrong as Conversation))).rejects.toMatchObject({
      response: { code: 'BODY_INVALID' },
    });
});
