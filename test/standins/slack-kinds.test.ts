import type { KnownBlock, ModalView } from '@slack/types';
import { expect, test } from 'vitest';
import { scene } from './slack/harness.ts';
import { PersonCannot } from './slack/payload.ts';

const plain = (text: string): { type: 'plain_text'; text: string } => ({ type: 'plain_text', text });

const FORM: ModalView = {
  type: 'modal',
  callback_id: 'form',
  title: plain('Deploy'),
  submit: plain('Next'),
  notify_on_close: true,
  private_metadata: 'opaque',
  blocks: [
    {
      type: 'input',
      block_id: 'project',
      label: plain('Project'),
      element: {
        type: 'external_select',
        action_id: 'which',
        min_query_length: 1,
        placeholder: plain('Which?'),
      },
    },
    {
      type: 'input',
      block_id: 'why',
      optional: true,
      label: plain('Reason'),
      element: { type: 'plain_text_input', action_id: 'text', max_length: 20 },
    },
  ],
};

test('an external menu offers what the app finds, and the modal is updated, pushed on, cleared and closed', async () => {
  const seen: unknown[] = [];
  const { slack, ops, ada, errors } = await scene((bolt) => {
    bolt.command('/reeve', async ({ ack, client, command }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: FORM });
    });
    bolt.options('which', async ({ ack, payload }) =>
      ack({
        options: ['shop', 'shore']
          .filter((name) => name.startsWith(payload.value))
          .map((name) => ({ text: plain(name), value: name })),
      }),
    );
    bolt.view('form', async ({ ack, view }) => {
      seen.push(view.private_metadata, view.state.values['project']?.['which']?.selected_option?.value);
      const { private_metadata: _, ...rest } = FORM;
      await ack({
        response_action: 'push',
        view: { ...rest, callback_id: 'sure', title: plain('Sure?'), blocks: [{ type: 'divider' }] },
      });
    });
    bolt.view('sure', async ({ ack }) => ack({ response_action: 'clear' }));
    bolt.view({ callback_id: 'form', type: 'view_closed' }, async ({ ack, view }) => {
      seen.push(`closed ${view.callback_id}`);
      await ack();
    });
  });
  const modal = await (await ada.slash(ops, '/reeve')).opened();
  expect(await ada.suggest(modal, 'Which?', '')).toEqual([]);
  expect((await ada.suggest(modal, 'Which?', 'shop'))?.map(({ value }) => value)).toEqual(['shop']);
  expect(() => ada.submit(modal, { Reason: 'x' })).toThrow(PersonCannot);
  expect(() => ada.submit(modal, { Project: 'shop', Reason: 'x'.repeat(21) })).toThrow(PersonCannot);
  await ada.submit(modal, { Project: 'shop' });
  const [, sure] = ada.screen;
  expect([ada.screen.length, sure?.previousId]).toEqual([2, modal.id]);
  if (sure === undefined) throw new Error('nothing was pushed');
  await ada.submit(sure, {});
  expect(ada.screen).toEqual([]);
  const again = await (await ada.slash(ops, '/reeve')).opened();
  await ada.close(again);
  expect(seen).toEqual(['opaque', 'shop', 'closed form']);
  expect(errors).toEqual([]);
  slack.refusals.none();
});

test('views.update: by hash, and not one that was closed', async () => {
  const { ops, ada, bolt } = await scene((app) =>
    app.command('/reeve', async ({ ack, client, command }) => {
      await ack();
      await client.views.open({ trigger_id: command.trigger_id, view: FORM });
    }),
  );
  const modal = await (await ada.slash(ops, '/reeve')).opened();
  const { hash } = modal;
  const update = (more: object = {}): Promise<unknown> =>
    bolt.client.views.update({ view_id: modal.id, view: FORM, ...more });
  await update({ hash });
  await expect(update({ hash })).rejects.toThrow('hash_conflict');
  await ada.close(modal, { wait: false });
  await expect(update()).rejects.toThrow('not_found');
});

test('buttons and menus in messages say who, where and on what', async () => {
  const seen: unknown[] = [];
  const { ops, ada, bolt } = await scene((app) => {
    app.action('go', async ({ ack, body, payload }) => {
      await ack();
      if (body.type === 'block_actions')
        seen.push(body.user.id, body.channel?.id, body.message?.ts, 'value' in payload && payload.value);
    });
    app.action('menu', async ({ ack, payload }) => {
      await ack();
      if (payload.type === 'static_select') seen.push(payload.selected_option.value);
    });
  });
  const blocks: KnownBlock[] = [
    {
      type: 'actions',
      elements: [
        { type: 'button', action_id: 'go', text: plain('Go'), value: 'opaque' },
        {
          type: 'static_select',
          action_id: 'menu',
          placeholder: plain('Which?'),
          options: [{ text: plain('Shop'), value: 'shop' }],
        },
      ],
    },
  ];
  const { ts } = await bolt.client.chat.postMessage({ channel: ops.id, text: 'go?', blocks });
  const [message] = ada.sees(ops);
  if (message === undefined) throw new Error('no message');
  await ada.click(message, 'Go');
  await ada.select(message, 'Which?', 'Shop');
  await expect.poll(() => seen.length).toBe(5);
  expect(seen).toEqual([ada.id, ops.id, ts, 'opaque', 'shop']);
  expect(() => ada.click(message, 'No')).toThrow(PersonCannot);
  await bolt.client.chat.update({ channel: ops.id, ts: ts as string, text: 'gone' });
  expect(() => ada.click(message, 'Go')).toThrow(PersonCannot);
  // Someone whose screen still shows the old message: the click arrives.
  expect((await ada.click(message, 'Go', { unchecked: true })).notice).toBeUndefined();
});

test('direct messages, other teams, other apps, bots, edits and deletions arrive by what the app subscribed to', async () => {
  const seen: unknown[] = [];
  const { slack, app, team, ops, ada } = await scene((bolt) => {
    bolt.event('message', async ({ event }) => void seen.push([event.channel_type, event.subtype]));
    bolt.event('app_mention', async ({ event }) => void seen.push(['mention', event.user]));
  });
  for (const type of ['message.im', 'message.channels', 'app_mention']) app.events.add(type);
  const bot = app.botUsers.get(team.id) ?? '';
  const mine = ada.say(ops, `<@${bot}> hello`);
  ada.edit(mine, 'hello');
  ada.say(ada.dm(), 'deploy please');
  ada.remove(mine);
  const other = slack.addTeam('elsewhere');
  const hall = slack.addChannel(other, 'hall');
  slack.addMember(other, 'eve', [hall]).say(hall, 'not for this bot');
  await expect.poll(() => seen.length).toBe(5);
  expect(seen).toEqual([
    ['channel', undefined],
    ['mention', ada.id],
    ['channel', 'message_changed'],
    ['im', undefined],
    ['channel', 'message_deleted'],
  ]);
});

test('a person can only type what is there; anything else only reaches the app when it is forged', async () => {
  const { slack, team, ops, ada } = await scene((bolt) =>
    bolt.command(/.*/u, async ({ ack, command }) =>
      ack({ text: `${command.team_id} ${command.api_app_id}` }),
    ),
  );
  const elsewhere = slack.addChannel(team, 'elsewhere');
  expect(() => ada.slash(ops, '/nothing')).toThrow(PersonCannot);
  expect(() => ada.slash(elsewhere, '/reeve')).toThrow(PersonCannot);
  const other = slack.addTeam('other');
  const eve = slack.addMember(other, 'eve', []);
  const turn = await eve.slash(ops, '/reeve', '', { unchecked: true });
  expect(turn.responses[0]?.text.startsWith(other.id)).toBe(true);
});

test('threads, pins and reactions', async () => {
  const { slack, ops, ada, bolt } = await scene(() => {});
  const { chat, conversations, reactions, pins } = bolt.client;
  const channel = ops.id;
  const { ts } = await chat.postMessage({ channel, text: 'job' });
  if (ts === undefined) throw new Error('no ts');
  await chat.postMessage({ channel, text: 'line 1', thread_ts: ts });
  await chat.postMessage({ channel, text: 'no such thread', thread_ts: '1.000001' });
  const [root, stray] = ada.sees(ops);
  expect([root?.text, stray?.text]).toEqual(['job', 'no such thread']);
  expect(ada.sees(ops, root).map(({ text }) => text)).toEqual(['line 1']);
  const { messages } = await conversations.replies({ channel, ts });
  expect(messages?.map(({ text }) => text)).toEqual(['job', 'line 1']);
  await reactions.add({ channel, timestamp: ts, name: 'white_check_mark' });
  await expect(reactions.add({ channel, timestamp: ts, name: 'white_check_mark' })).rejects.toThrow(
    'already_reacted',
  );
  await pins.add({ channel, timestamp: ts });
  expect([root?.pinned, root?.reactions.get('white_check_mark')?.size]).toEqual([true, 1]);
  await chat.delete({ channel, ts });
  await expect(chat.update({ channel, ts, text: 'x' })).rejects.toThrow('message_not_found');
  slack.refusals.none();
});

test('a file goes up in three steps, into the thread', async () => {
  const bytes = Buffer.from('a log\n'.repeat(1_000));
  const { slack, ops, ada, bolt, team } = await scene(() => {});
  const { ts } = await bolt.client.chat.postMessage({ channel: ops.id, text: 'job' });
  const where = { channel_id: ops.id, thread_ts: ts as string, initial_comment: 'the log' };
  await bolt.client.files.uploadV2({ ...where, filename: 'job.log', file: bytes });
  const [root] = ada.sees(ops);
  const [reply] = ada.sees(ops, root);
  expect(reply?.text).toBe('the log');
  expect(slack.world.files.get(reply?.files[0] ?? '')).toMatchObject({
    name: 'job.log',
    bytes,
    shared: [ops.id],
  });
  const { files } = bolt.client;
  await expect(files.completeUploadExternal({ files: [{ id: 'F0', title: 'x' }] })).rejects.toThrow(
    'file_not_found',
  );
  const { upload_url: url } = await files.getUploadURLExternal({ filename: 'x', length: 5 });
  expect((await fetch(url ?? '', { method: 'POST', body: 'four' })).status).toBe(400);
  const elsewhere = slack.addChannel(team, 'elsewhere');
  await expect(
    bolt.client.files.uploadV2({ channel_id: elsewhere.id, filename: 'x', file: bytes }),
  ).rejects.toThrow('not_in_channel');
});

test('scopes and membership', async () => {
  const { slack, app, team, ops, ada, bolt } = await scene(() => {});
  const { chat, conversations, users } = bolt.client;
  const locked = slack.addChannel(team, 'secret', 'private');
  const open = slack.addChannel(team, 'open');
  const post = (channel: string): Promise<unknown> => chat.postMessage({ channel, text: 'x' });
  await expect(post(locked.id)).rejects.toThrow('channel_not_found');
  await expect(post(open.id)).rejects.toThrow('not_in_channel');
  app.scopes.add('chat:write.public');
  await post(open.id);
  ops.archived = true;
  await expect(post(ops.id)).rejects.toThrow('is_archived');
  app.scopes.delete('chat:write');
  await expect(post(open.id)).rejects.toMatchObject({
    data: { error: 'missing_scope', needed: 'chat:write' },
  });
  const auth = await bolt.client.auth.test();
  expect(auth.response_metadata?.scopes).toEqual([...app.scopes]);
  expect((await users.info({ user: ada.id })).user?.name).toBe('ada');
  expect((await conversations.info({ channel: ops.id })).channel?.is_archived).toBe(true);
});

test('mentions notify unless they are escaped; an ephemeral message is not the Web API’s to change', async () => {
  const { slack, ops, ada, bolt } = await scene(() => {});
  const { chat } = bolt.client;
  const pings = async (text: string, blocks?: KnownBlock[]): Promise<unknown> => {
    const { ts } = await chat.postMessage({ channel: ops.id, text, ...(blocks && { blocks }) });
    return slack.world.message(ops.id, ts ?? '')?.pings;
  };
  expect(await pings(`<!channel> <@${ada.id}>`)).toEqual({ channel: true, users: [ada.id] });
  expect(await pings('&lt;!channel&gt; @channel')).toEqual({ channel: false, users: [] });
  expect(await pings('<!channel>', [{ type: 'section', text: { type: 'mrkdwn', text: '<!here>' } }])).toEqual(
    { channel: true, users: [] },
  );
  expect(await pings('<!channel>', [{ type: 'section', text: plain('<!here>') }])).toEqual({
    channel: false,
    users: [],
  });
  const { message_ts: ts } = await chat.postEphemeral({ channel: ops.id, user: ada.id, text: 'only you' });
  expect(ada.sees(ops).at(-1)?.text).toBe('only you');
  await expect(chat.update({ channel: ops.id, ts: ts ?? '', text: 'x' })).rejects.toThrow(
    'message_not_found',
  );
  await expect(chat.postEphemeral({ channel: ops.id, user: 'U1', text: 'x' })).rejects.toThrow(
    'user_not_in_channel',
  );
});
