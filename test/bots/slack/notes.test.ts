import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import type { Message } from '../../standins/slack/world.ts';
import { slackRig, textOf, type SlackRig } from './rig.ts';

/** Opens an incident; its message, once its thread is there. */
async function incident({ world, slack, ben, ops }: SlackRig): Promise<Message> {
  await world.as('ana', { command: 'incidents open', args: { title: 'Dark', project: 'shop', env: 'dev' } });
  const card = await slack.until(
    () => ben.sees(ops).find((m) => textOf(m).includes('Open: Dark')),
    'the card',
  );
  await slack.until(() => ben.sees(ops, card).length === 1, 'the thread');
  return card;
}

const notes = async ({ world }: SlackRig): Promise<string[]> =>
  (await world.records('incident.noted')).map(({ body }) => `${body.by}: ${body.text}`);

const marked = ({ slack }: SlackRig, message: Message, mark: string) =>
  slack.until(() => message.reactions.has(mark), `${mark} at "${message.text}"`);

test('what people write in the thread of an incident becomes notes, marked; who may not write any is told by a mark', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { slack, team, world, ana, ben, ops } = rig;
  const card = await incident(rig);
  expect(ben.sees(ops, card)[0]?.text).toContain('is kept in the timeline of the incident');
  const stranger = slack.addMember(team, 'stranger', [ops]);
  await marked(rig, ana.say(ops, 'the pool was at its limit &lt;!channel&gt; <@U1> *bold*', card), 'memo');
  await marked(rig, stranger.say(ops, 'buy now', card), 'no_entry_sign');
  await marked(rig, stranger.say(ops, 'buy now, again', card), 'no_entry_sign');
  ana.say(ops, 'elsewhere');
  await marked(rig, ben.say(ops, 'restarted it', card), 'memo');
  expect(await notes(rig)).toEqual([
    'ana: the pool was at its limit <!channel> <@U1> *bold*',
    'ben: restarted it',
  ]);
  expect((await world.records('admission.refused')).map(({ body }) => body.error.code)).toEqual([
    'PERSON_UNKNOWN',
  ]);
  const id = (await world.records('incident.opened'))[0]?.body.id ?? '';
  const shown = await (await ana.slash(ops, '/reeve', `incidents show ${id}`)).response();
  expect(textOf(shown)).toContain('the pool was at its limit &lt;!channel&gt;');
  expect(shown.pings).toEqual({ channel: false, users: [] });
  slack.refusals.none();
});

test('attack 41: what somebody of another workspace writes in a shared channel is no note, whatever their id', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { slack, world, ana, ops } = rig;
  const card = await incident(rig);
  const messages: object[] = [];
  const answer = { status: 200, body: { ok: true, messages } };
  slack.web.faults.plan('POST conversations.replies', { kind: 'answer', answer }, 1000);
  const { ts } = ana.say(ops, 'from elsewhere', card);
  messages.push({ type: 'message', ts, user: ana.id, team: 'T99999999', text: 'from elsewhere' });
  await until(async () => (await world.records('admission.refused')).length === 1);
  slack.web.faults.clear();
  expect((await world.records('admission.refused'))[0]?.body.error.code).toBe('CHAT_PLACE');
  expect(await notes(rig)).toEqual([]);
});

test('away, restarted, doubled: each message is one note; one that was changed before it was read is none', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { world, bot, ana, ops } = rig;
  const card = await incident(rig);
  await marked(rig, ana.say(ops, 'one', card), 'memo');
  await bot.stop();
  ana.say(ops, 'two', card);
  const changed = ana.edit(ana.say(ops, 'thre', card), 'three');
  await world.restart();
  // Two processes at once, as when an old one has not ended yet.
  await Promise.all([rig.startBot(), rig.startBot()]);
  await marked(rig, ana.say(ops, 'four', card), 'memo');
  await marked(rig, changed, 'no_entry_sign');
  await marked(rig, ana.say(ops, 'five', card), 'memo');
  expect(await notes(rig)).toEqual(['ana: one', 'ana: two', 'ana: four', 'ana: five']);
});

test('an app without the scopes that reading and marking need: said once, and the incident is told all the same', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { app, bot, ana, ops } = rig;
  const card = await incident(rig);
  app.scopes.delete('reactions:write');
  ana.say(ops, 'noted, not marked', card);
  await until(async () => (await notes(rig)).length === 1);
  for (const scope of ['channels:history', 'groups:history']) app.scopes.delete(scope);
  ana.say(ops, 'unheard', card);
  await until(() => Promise.resolve(bot.log.some(({ message }) => message.includes('reading the thread'))));
  const about = bot.log.filter(({ message }) => message.includes('thread'));
  expect(about.map(({ message }) => message.replaceAll(/\d+\.\d+/g, '…'))).toEqual([
    expect.stringContaining('needs reactions:write'),
    expect.stringContaining('needs channels:history'),
  ]);
  expect(await notes(rig)).toEqual(['ana: noted, not marked']);
});
