import { expect, test } from 'vitest';
import { scene } from './slack/harness.ts';
import { PersonCannot } from './slack/payload.ts';

test('a shortcut of a message brings the message; it does not name the app, and is answered by its response_url', async () => {
  const seen: unknown[] = [];
  const { slack, app, ops, ada } = await scene((bolt) => {
    bolt.shortcut({ type: 'message_action', callback_id: 'keep' }, async ({ ack, shortcut, respond }) => {
      await ack();
      const { message, message_ts, channel, user } = shortcut;
      seen.push([message.text, message_ts === message.ts, channel.id, user.id, 'api_app_id' in shortcut]);
      await respond({ text: 'kept' });
    });
  });
  const message = ada.say(ops, 'the export is hidden');
  expect(() => ada.messageShortcut(message, 'Keep this')).toThrow(PersonCannot);
  app.manifest = {
    display_information: { name: 'Reeve' },
    features: {
      shortcuts: [{ name: 'Keep this', type: 'message', callback_id: 'keep', description: 'Keeps it' }],
    },
  };
  const turn = await ada.messageShortcut(message, 'Keep this');
  expect((await turn.response()).ephemeralFor).toBe(ada.id);
  expect(seen).toEqual([['the export is hidden', true, ops.id, ada.id, false]]);
  ada.remove(message);
  expect(() => ada.messageShortcut(message, 'Keep this')).toThrow(PersonCannot);
  slack.refusals.none();
});

test('the history goes from newest to oldest between two times, page by page; a thread the other way, from its root', async () => {
  const { slack, app, team, bolt, ops, ada } = await scene(() => {});
  const { client } = bolt;
  const said = Array.from({ length: 5 }, (_, n) => ada.say(ops, `line ${n}`));
  const replies = Array.from({ length: 5 }, (_, n) => ada.say(ops, `reply ${n}`, said[0]));
  const texts = (answer: { messages?: { text?: string }[] }): (string | undefined)[] =>
    (answer.messages ?? []).map(({ text }) => text);
  const channel = ops.id;
  const latest = said[3]?.ts ?? '';
  const first = await client.conversations.history({ channel, latest, limit: 2 });
  expect(texts(first)).toEqual(['line 2', 'line 1']);
  expect(first.has_more).toBe(true);
  const cursor = first.response_metadata?.next_cursor ?? '';
  expect(texts(await client.conversations.history({ channel, latest, limit: 2, cursor }))).toEqual([
    'line 0',
  ]);
  const both = await client.conversations.history({ channel, latest, oldest: latest, inclusive: true });
  expect(texts(both)).toEqual(['line 3']);
  const thread = { channel, ts: said[0]?.ts ?? '' };
  expect(texts(await client.conversations.replies({ ...thread, limit: 3 }))).toEqual([
    'line 0',
    'reply 0',
    'reply 1',
  ]);
  const since = await client.conversations.replies({ ...thread, oldest: replies[3]?.ts ?? '' });
  expect(texts(since)).toEqual(['line 0', 'reply 4']);
  // The scope is that of the kind of channel, and the bot has to be in it.
  const secret = slack.addChannel(team, 'secret', 'private');
  secret.members.add([...app.botUsers.values()][0] ?? '');
  app.scopes.delete('groups:history');
  const refused = client.conversations.history({ channel: secret.id });
  await expect(refused).rejects.toMatchObject({ data: { error: 'missing_scope', needed: 'groups:history' } });
  const other = slack.addChannel(team, 'other');
  await expect(client.conversations.history({ channel: other.id })).rejects.toMatchObject({
    data: { error: 'not_in_channel' },
  });
});
