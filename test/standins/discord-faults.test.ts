import { Routes, type Client, type Interaction } from 'discord.js';
import { expect, test } from 'vitest';
import { login, scene as make, type Scene } from './discord/harness.ts';

const PING = { name: 'ping', description: 'Answers' };

/** A scene whose bot knows `/ping`. */
async function scene(
  handle: (interaction: Interaction) => Promise<unknown> = async () => {},
  options: Parameters<typeof make>[1] = {},
): Promise<Scene> {
  const made = await make(handle, options);
  await made.client.application?.commands.set([PING], made.guild.id);
  return made;
}

/** For a handler that waits until the test lets it go on. */
function gate(): {
  inside: Promise<void>;
  open: () => void;
  entered: () => number;
  enter: () => Promise<void>;
} {
  const gone = Promise.withResolvers<void>();
  const inside = Promise.withResolvers<void>();
  let count = 0;
  const enter = (): Promise<void> => {
    count += 1;
    inside.resolve();
    return gone.promise;
  };
  return { inside: inside.promise, open: gone.resolve, entered: () => count, enter };
}

const reply = async (interaction: Interaction): Promise<void> => {
  if (interaction.isRepliable()) await interaction.reply('pong');
};

const say = (client: Client, channel: string, content = 'hello'): Promise<{ id: string }> =>
  client.rest.post(Routes.channelMessages(channel), { body: { content } }) as Promise<{ id: string }>;

test('three seconds without a response: the person reads it, and the late one gets 10062', async () => {
  const { enter, open } = gate();
  const { discord, ops, ada, errors } = await scene(async (interaction) => {
    await enter();
    await reply(interaction);
  });
  const turn = await ada.slash(ops, '/ping', {}, { wait: false });
  discord.clock.advance(1_000);
  expect(turn.notice).toBeUndefined();
  discord.clock.advance(2_000);
  expect(turn.notice).toBe('The application did not respond');
  open();
  await discord.until(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: 10062, status: 404 }]);
  expect(ada.sees(ops)).toEqual([]);
});

test('a second response gets 40060, an edit before the first 10015', async () => {
  const { discord, ops, ada, errors, client } = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    const path = Routes.webhookMessage(interaction.applicationId, interaction.token, '@original');
    await client.rest
      .patch(path, { body: { content: 'x' }, auth: false })
      .catch((error: Error) => errors.push(error));
    await interaction.deferReply();
    const callback = Routes.interactionCallback(interaction.id, interaction.token);
    await client.rest.post(callback, { body: { type: 4, data: { content: 'twice' } }, auth: false });
  });
  await ada.slash(ops, '/ping');
  await discord.until(() => errors.length === 2);
  expect(errors).toMatchObject([{ code: 10015 }, { code: 40060 }]);
});

test('a token dies after 15 minutes with 50027; the bot token goes on', async () => {
  const replied = Promise.withResolvers<Interaction>();
  const { discord, client, ops, ada } = await scene(async (interaction) => {
    await reply(interaction);
    replied.resolve(interaction);
  });
  const turn = await ada.slash(ops, '/ping');
  const kept = await replied.promise;
  if (!kept.isChatInputCommand()) throw new Error('no command');
  discord.clock.advance(15 * 60_000 - 60_000);
  await kept.editReply('almost');
  discord.clock.advance(60_000);
  await expect(kept.editReply('too late')).rejects.toMatchObject({ code: 50027, status: 401 });
  await client.rest.patch(Routes.channelMessage(ops.id, turn.message?.id ?? ''), {
    body: { content: 'by bot token' },
  });
  expect(turn.message?.content).toBe('by bot token');
  expect(turn.message?.history.map(({ content }) => content)).toEqual(['pong', 'almost']);
  discord.refusals.none();
});

test('a burst of edits: the client waits by the headers, none is lost, and with rejectOnRateLimit it is told', async () => {
  const { discord, app, client, ops } = await scene();
  discord.limits.rates.set('PATCH /channels/:id/messages/:id', { limit: 3, window: 400 });
  const { id } = await say(client, ops.id);
  const edit = (by: Client, content: string): Promise<unknown> =>
    by.rest.patch(Routes.channelMessage(ops.id, id), { body: { content } });
  await edit(client, '0');
  await Promise.all(Array.from({ length: 8 }, (_, index) => edit(client, String(index + 1))));
  const message = discord.world.messages.get(id);
  expect(message?.content).toBe('8');
  expect(message?.history).toHaveLength(9);
  expect(discord.rest.calls.filter(({ status }) => status === 429)).toEqual([]);

  const impatient = await login(discord, app, reply, { rest: { rejectOnRateLimit: () => true } });
  const results = await Promise.allSettled(
    ['a', 'b', 'c', 'd', 'e', 'f'].map((content) => edit(impatient, content)),
  );
  expect(results.some(({ status }) => status === 'rejected')).toBe(true);
});

test.each(['user', 'global'] as const)('a 429 (%s) is waited out', async (scope) => {
  const { discord, client, ops } = await scene();
  discord.rest.faults.plan('POST /channels/*/messages', {
    kind: 'answer',
    answer: discord.limits.refusal(100, scope),
  });
  const limited: boolean[] = [];
  client.rest.on('rateLimited', ({ global }) => limited.push(global));
  await say(client, ops.id);
  expect(limited).toEqual([scope === 'global']);
  expect(
    discord.rest.calls.filter(({ path }) => path.endsWith('/messages')).map(({ status }) => status),
  ).toEqual([429, 200]);
});

test('5xx, a cut and a lost answer: what is retried, and what happened twice', async () => {
  const { discord, client, ops } = await scene();
  const bad = { kind: 'answer', answer: { status: 502, body: 'Bad Gateway' } } as const;
  discord.rest.faults.plan('POST /channels/*/messages', bad, 2);
  await say(client, ops.id, 'after two');
  discord.rest.faults.plan('POST /channels/*/messages', bad, 4);
  await expect(say(client, ops.id, 'never')).rejects.toMatchObject({ status: 502 });
  discord.rest.faults.plan('POST /channels/*/messages', { kind: 'lose-answer' });
  await say(client, ops.id, 'lost answer').catch(() => {});
  const texts = discord.world.messagesIn(ops.id).map(({ content }) => content);
  expect(texts.filter((text) => text === 'after two')).toHaveLength(1);
  expect(texts).not.toContain('never');
  expect(texts).toContain('lost answer');
});

test('a dropped gateway resumes: what was typed meanwhile arrives once', async () => {
  const { enter, open, entered } = gate();
  const { discord, ops, ada } = await scene(async (interaction) => {
    open();
    await enter();
    await reply(interaction);
  });
  discord.gateway.drop();
  await discord.until(() => discord.gateway.connected.length === 0);
  const turn = await ada.slash(ops, '/ping');
  expect(turn.message?.content).toBe('pong');
  expect(entered()).toBe(1);
  expect([discord.gateway.identifies, [...discord.gateway.sessions.values()][0]?.resumes]).toEqual([1, 1]);
});

test('disconnected between the command and its response: the response still counts, and nothing comes twice', async () => {
  const { enter, open, entered, inside } = gate();
  const { discord, ops, ada } = await scene(async (interaction) => {
    await enter();
    await reply(interaction);
  });
  const turn = await ada.slash(ops, '/ping', {}, { wait: false });
  await inside;
  discord.gateway.drop();
  open();
  expect((await turn.answered()).message?.content).toBe('pong');
  await discord.until(() => [...discord.gateway.sessions.values()][0]?.resumes === 1);
  expect(entered()).toBe(1);
});

test('opcode 7 resumes, a refused resume identifies anew', async () => {
  const { discord, ops, ada } = await scene(reply);
  discord.gateway.askToReconnect();
  await discord.until(() => [...discord.gateway.sessions.values()][0]?.resumes === 1);
  expect(discord.gateway.identifies).toBe(1);
  discord.gateway.refuseResume();
  discord.gateway.drop();
  await discord.until(() => discord.gateway.identifies === 2);
  expect((await ada.slash(ops, '/ping')).message?.content).toBe('pong');
});

test('an invalid session that is not resumable identifies anew', async () => {
  const { discord, ops, ada } = await scene(reply);
  discord.gateway.invalidate();
  await discord.until(() => discord.gateway.identifies === 2);
  expect((await ada.slash(ops, '/ping')).message?.content).toBe('pong');
});

test('a zombie connection is noticed by missing heartbeat acknowledgements, and resumed', async () => {
  const { discord, client } = await scene(reply);
  await client.destroy();
  discord.gateway.heartbeatInterval = 150;
  const [app] = discord.world.apps.values();
  if (app === undefined) throw new Error('no app');
  await login(discord, app, reply);
  await discord.until(() => discord.gateway.heartbeats > 0);
  discord.gateway.acknowledgeHeartbeats = false;
  await discord.until(() =>
    [...discord.gateway.sessions.values()].some(({ droppedAt }) => droppedAt !== undefined),
  );
  discord.gateway.acknowledgeHeartbeats = true;
  await discord.until(() => [...discord.gateway.sessions.values()].some(({ resumes }) => resumes > 0));
  expect(discord.gateway.identifies).toBe(2);
});

test('an event that is delivered twice reaches the handler twice, and only one response counts', async () => {
  let count = 0;
  const { discord, ops, ada, errors } = await scene(async (interaction) => {
    count += 1;
    await reply(interaction);
  });
  discord.gateway.duplicateNext();
  await ada.slash(ops, '/ping');
  await discord.until(() => errors.length === 1);
  expect([count, errors]).toMatchObject([2, [{ code: 40060 }]]);
  expect(ada.sees(ops)).toHaveLength(1);
});

test('a revoked token: 401, close 4004, and no way back', async () => {
  const { discord, app, client, ops } = await scene(reply);
  const gone = new Promise((resolve) => client.once('shardDisconnect', ({ code }) => resolve(code)));
  discord.revokeToken(app);
  expect(await gone).toBe(4004);
  await expect(say(client, ops.id)).rejects.toMatchObject({ status: 401 });
  await expect(login(discord, app)).rejects.toMatchObject({ code: 'TokenInvalid' });
});

test('an intent that is not switched on closes the gateway with 4014', async () => {
  const { discord, app } = await scene(reply);
  await expect(login(discord, app, reply, { intents: ['MessageContent'] })).rejects.toThrow(
    'disallowed intents',
  );
});

test('the whole platform goes down and comes back on the same port', async () => {
  const { discord, client, ops, ada } = await scene(reply);
  await discord.goDown();
  await expect(say(client, ops.id)).rejects.toThrow('ECONNREFUSED');
  const lost = await ada.slash(ops, '/ping', {}, { wait: false });
  discord.clock.advance(3_000);
  expect(lost.notice).toBeDefined();
  await discord.comeBack();
  await discord.until(() => discord.gateway.connected.length === 1);
  expect((await ada.slash(ops, '/ping')).message?.content).toBe('pong');
});
