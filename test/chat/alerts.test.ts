import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { ChatPost } from '../../contracts/chat.ts';
import { ESTATE, openChatRig, type ChatRig } from './rig.ts';

const ALERTS = '100000000000000013';
const WITH_CHANNEL = `${ESTATE.replace('approvals: "', `alerts: "${ALERTS}", approvals: "`)}alerts:
  channels: { people: { kind: chat } }
  routes: [{ channels: [people], group_wait: 1ms }]
`;
const TIMEOUT = { timeout: 30_000 };
const raise = (rig: ChatRig) =>
  rig.app.running.deps.alerts.raise({
    key: 'test:disk',
    severity: 'page',
    source: 'daemon',
    title: 'The disk <!channel> is full',
    text: 'of @everyone',
    project: 'shop',
    env: 'prod',
  });
const next = async (rig: ChatRig): Promise<ChatPost> => {
  const [post] = await rig.bot('discord').posts(20_000);
  if (post === undefined) throw new Error('nothing is said');
  return post;
};

test('an alert takes its route to the bots, and counts as sent when one has posted it, once', async () => {
  const rig = await openChatRig({ estate: WITH_CHANNEL });
  await raise(rig);
  const post = await next(rig);
  expect(post).toMatchObject({ topic: 'alerts', channel: ALERTS, tone: 'bad', mention: [] });
  expect(post.title).toContain('The disk <!channel> is full');
  expect(await rig.records('alert.delivered')).toEqual([]);
  // A restart in between: the message is tried again under its id, and is the same one.
  await rig.restart();
  expect((await next(rig)).seq).toBe(post.seq);
  const at = { channel: post.channel, message: 'm1' };
  await rig.bot('discord').posted({ seq: post.seq, outcome: { is: 'sent', at } });
  await expect.poll(() => rig.records('alert.delivered'), TIMEOUT).toHaveLength(1);
  expect((await rig.records('alert.delivered'))[0]?.body).toMatchObject({
    channel: 'people',
    outcome: 'sent',
  });
  await rig.app.running.deps.alerts.resolve('test:disk', 'cleaned up');
  const over = await next(rig);
  expect(over).toMatchObject({ tone: 'good', topic: 'alerts' });
  expect(over.seq).not.toBe(post.seq);
  expect(await rig.records('chat.said')).toHaveLength(2);
});

test('while no bot relays nothing counts as sent; a topic without a channel is told in the default one', async () => {
  const rig = await openChatRig({ estate: WITH_CHANNEL.replace(`alerts: "${ALERTS}", `, '') });
  for (const platform of ['discord', 'slack'])
    await rig.as('root', { command: 'chat remove', args: { platform }, force: true });
  const failed = await rig.as('root', { command: 'alerts test', args: { channel: 'people' } });
  expect(failed.error?.code).toBe('CHANNEL_FAILED');
  expect(await rig.records('chat.said')).toEqual([]);
  await rig.as('root', { command: 'chat setup', args: { platform: 'slack' } });
  // The default channel of the platform, since the topic has none of its own; the test ends when it is posted.
  const sent = rig.as('root', { command: 'alerts test', args: { channel: 'people' } });
  await expect.poll(() => rig.records('chat.said'), TIMEOUT).toHaveLength(1);
  rig.tokens.slack = (await readFile(`${rig.home}/bots/slack.token`, 'utf8')).trim();
  const [post] = await rig.bot('slack').posts(20_000);
  expect(post).toMatchObject({ topic: 'alerts', channel: 'C00000001' });
  const at = { channel: 'C00000001', message: '1.2' };
  await rig.bot('slack').posted({ seq: post?.seq ?? 0, outcome: { is: 'sent', at } });
  expect((await sent).ok).toBe(true);
});
