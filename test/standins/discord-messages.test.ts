import { MessageFlags, PermissionFlagsBits as P, Routes, type Client } from 'discord.js';
import { expect, test } from 'vitest';
import { scene } from './discord/harness.ts';

const MIB = 1_024 * 1_024;
const PING = { name: 'ping', description: 'Answers' };

const post = (
  client: Client,
  channel: string,
  body: object = { content: 'hello' },
): Promise<{ id: string }> =>
  client.rest.post(Routes.channelMessages(channel), { body }) as Promise<{ id: string }>;

test('files go up as multipart and come down as they were; 10 MiB is the most', async () => {
  const bytes = Buffer.from('a log\n'.repeat(1_000));
  const { discord, client, guild, ops, ada } = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    await interaction.deferReply();
    await interaction.editReply({
      content: 'the log',
      files: [{ attachment: bytes, name: 'job.log', description: 'all of it' }],
    });
  });
  await client.application?.commands.set([PING], guild.id);
  const message = await (await ada.slash(ops, '/ping')).reply();
  const [file] = message.attachments;
  expect(file).toMatchObject({ filename: 'job.log', size: bytes.length, description: 'all of it' });
  expect(Buffer.from(await (await fetch(file?.url ?? '')).arrayBuffer())).toEqual(bytes);
  const big = { files: [{ name: 'big', data: Buffer.alloc(10 * MIB + 1) }], body: {} };
  await expect(client.rest.post(Routes.channelMessages(ops.id), big)).rejects.toMatchObject({
    status: 413,
    code: 40005,
  });
  expect(discord.refusals.take()).toHaveLength(1);
});

test('a thread on a message: written to, archived and woken, locked and refused', async () => {
  const { discord, client, ops } = await scene(async () => {});
  const { id } = await post(client, ops.id);
  const start = (): Promise<unknown> =>
    client.rest.post(Routes.threads(ops.id, id), { body: { name: 'log' } });
  const thread = (await start()) as { id: string; parent_id: string };
  expect(thread).toMatchObject({ id, parent_id: ops.id });
  await expect(start()).rejects.toMatchObject({ code: 160004 });
  const patch = (body: object): Promise<unknown> => client.rest.patch(Routes.channel(thread.id), { body });
  await patch({ archived: true });
  await post(client, thread.id, { content: 'line 1' });
  expect(discord.world.channels.get(thread.id)?.archived).toBe(false);
  await patch({ locked: true, archived: true });
  await expect(post(client, thread.id)).rejects.toMatchObject({ code: 50083 });
  expect(discord.world.messagesIn(thread.id).map(({ content }) => content)).toEqual(['line 1']);
  expect(discord.world.threadsOf(ops.id)).toHaveLength(1);
  discord.refusals.none();
});

test.each([
  ['SendMessages', 50013],
  ['ViewChannel', 50001],
] as const)(
  'without %s in one channel a message gets %i, a response to a command does not',
  async (name, code) => {
    const { discord, client, app, guild, ops, ada } = await scene(async (interaction) => {
      if (interaction.isRepliable()) await interaction.reply('pong');
    });
    await client.application?.commands.set([PING], guild.id);
    discord.deny(ops, app.id, P[name]);
    await expect(post(client, ops.id)).rejects.toMatchObject({ code, status: 403 });
    expect((await ada.slash(ops, '/ping')).message?.content).toBe('pong');
    await post(client, discord.addChannel(guild, 'elsewhere').id);
  },
);

test('without the permission: files, embeds, threads, pins, reactions', async () => {
  const { discord, client, app, guild, ops } = await scene(async () => {});
  const { id } = await post(client, ops.id);
  discord.install(app, guild, P.ViewChannel);
  discord.deny(ops, guild.id, P.AttachFiles | P.EmbedLinks | P.CreatePublicThreads | P.AddReactions);
  const all = [
    () => client.rest.post(Routes.channelMessages(ops.id), { body: {}, files: [{ name: 'a', data: 'b' }] }),
    () => post(client, ops.id, { embeds: [{ title: 'x' }] }),
    () => client.rest.post(Routes.threads(ops.id, id), { body: { name: 'log' } }),
    () => client.rest.put(Routes.channelMessagesPin(ops.id, id)),
    () => client.rest.put(Routes.channelMessageOwnReaction(ops.id, id, '✅')),
  ];
  for (const one of all) await expect(one()).rejects.toMatchObject({ code: 50013 });
});

test('a message that is gone, or not one’s own, or seen by one person only', async () => {
  const { discord, client, guild, ops, ada } = await scene(async (interaction) => {
    if (interaction.isRepliable())
      await interaction.reply({ content: 'only you', flags: MessageFlags.Ephemeral });
  });
  await client.application?.commands.set([PING], guild.id);
  const edit = (id: string): Promise<unknown> =>
    client.rest.patch(Routes.channelMessage(ops.id, id), { body: { content: 'x' } });
  const { id } = await post(client, ops.id);
  const message = discord.world.messages.get(id);
  if (message === undefined) throw new Error('no message');
  ada.remove(message);
  await expect(edit(id)).rejects.toMatchObject({ code: 10008, status: 404 });
  await expect(edit(ada.say(ops, 'mine').id)).rejects.toMatchObject({ code: 50005 });
  const turn = await ada.slash(ops, '/ping');
  await expect(edit(turn.message?.id ?? '')).rejects.toMatchObject({ code: 10008 });
  expect(
    discord
      .addMember(guild, 'bob')
      .sees(ops)
      .map(({ content }) => content),
  ).toEqual(['mine']);
});

test('a live message that is deleted: the edit through the interaction gets 10008, too', async () => {
  const { discord, client, guild, ops, ada, errors } = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    await interaction.reply('live');
    const message = discord.world.messagesIn(ops.id)[0];
    if (message !== undefined) ada.remove(message);
    await interaction.editReply('still live');
  });
  await client.application?.commands.set([PING], guild.id);
  await ada.slash(ops, '/ping');
  await discord.until(() => errors.length > 0);
  expect(errors).toMatchObject([{ code: 10008 }]);
});

test('the same nonce, enforced, is one message', async () => {
  const { discord, client, ops } = await scene(async () => {});
  const body = { content: 'once', nonce: 'job-1', enforce_nonce: true };
  const [one, two] = [await post(client, ops.id, body), await post(client, ops.id, body)];
  expect(two.id).toBe(one.id);
  expect(discord.world.messagesIn(ops.id)).toHaveLength(1);
});

test('a bot’s direct message, and the permission a person has to have', async () => {
  const { discord, client, ada } = await scene(async () => {});
  const channel = (await client.rest.post(Routes.userChannels(), { body: { recipient_id: ada.id } })) as {
    id: string;
  };
  await post(client, channel.id, { content: 'approve?' });
  expect(ada.sees(ada.dm()).map(({ content }) => content)).toEqual(['approve?']);
  await expect(
    client.rest.post(Routes.userChannels(), { body: { recipient_id: '1' } }),
  ).rejects.toMatchObject({ code: 10013 });
  discord.refusals.none();
});
