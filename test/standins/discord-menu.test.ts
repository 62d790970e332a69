import {
  ApplicationCommandType,
  GatewayIntentBits as Intent,
  MessageType,
  PermissionFlagsBits as P,
  Routes,
  type APIMessage,
  type Client,
} from 'discord.js';
import { expect, test } from 'vitest';
import { scene } from './discord/harness.ts';
import { PersonCannot } from './discord/payload.ts';

const KEEP = { name: 'Keep this', type: ApplicationCommandType.Message } as const;

const history = (
  client: Client,
  channel: string,
  query: Record<string, string> = {},
): Promise<APIMessage[]> =>
  client.rest.get(Routes.channelMessages(channel), {
    query: new URLSearchParams(query),
  }) as Promise<APIMessage[]>;
const texts = (messages: APIMessage[]): string[] => messages.map(({ content }) => content);

test('an entry in the menu of a message brings the message with its text, without the intent', async () => {
  const seen: unknown[] = [];
  const { discord, client, guild, ops, ada } = await scene(async (interaction) => {
    if (!interaction.isMessageContextMenuCommand()) return;
    const { content, author, editedTimestamp } = interaction.targetMessage;
    seen.push([interaction.commandName, content, author.id, editedTimestamp !== null]);
    await interaction.reply('kept');
  });
  const message = ada.say(ops, 'the export is hidden');
  expect(() => ada.menu(message, KEEP.name)).toThrow(PersonCannot);
  await client.application?.commands.set([KEEP], guild.id);
  expect((await (await ada.menu(message, KEEP.name)).reply()).content).toBe('kept');
  await (await ada.menu(ada.edit(message, 'not so hidden'), KEEP.name)).reply();
  expect(seen).toEqual([
    ['Keep this', 'the export is hidden', ada.id, false],
    ['Keep this', 'not so hidden', ada.id, true],
  ]);
  ada.remove(message);
  expect(() => ada.menu(message, KEEP.name)).toThrow(PersonCannot);
  discord.refusals.none();
});

test('the history is newest first and bounded; texts of others come with the intent, or where the app is mentioned', async () => {
  const { discord, client, app, ops, ada } = await scene(async () => {});
  const [one, two, three] = ['one', `<@${app.id}> two`, 'three'].map((text) => ada.say(ops, text));
  await client.rest.post(Routes.channelMessages(ops.id), { body: { content: 'own' } });
  expect(texts(await history(client, ops.id))).toEqual(['own', '', `<@${app.id}> two`, '']);
  app.privilegedIntents = Intent.MessageContent;
  expect(texts(await history(client, ops.id, { limit: '2' }))).toEqual(['own', 'three']);
  expect(texts(await history(client, ops.id, { before: three?.id ?? '', limit: '1' }))).toEqual([
    two?.content,
  ]);
  expect(texts(await history(client, ops.id, { around: two?.id ?? '', limit: '3' }))).toEqual([
    'three',
    two?.content,
    one?.content,
  ]);
  await expect(history(client, ops.id, { limit: '101' })).rejects.toMatchObject({ code: 50035 });
  // Without the right to the history there is none; without sight of the channel it is refused.
  discord.deny(ops, app.id, P.ReadMessageHistory);
  expect(await history(client, ops.id)).toEqual([]);
  discord.deny(ops, app.id, P.ViewChannel);
  await expect(history(client, ops.id)).rejects.toMatchObject({ code: 50001 });
});

test('a thread begins with a message that refers to the one it is about', async () => {
  const { client, app, ops, ada } = await scene(async () => {});
  const root = ada.say(ops, 'it is slow');
  const thread = ada.thread(root, 'slow');
  expect(thread.id).toBe(root.id);
  const [first] = await history(client, thread.id);
  expect(first).toMatchObject({ type: MessageType.ThreadStarterMessage, content: '' });
  expect(first?.referenced_message?.content).toBe('');
  app.privilegedIntents = Intent.MessageContent;
  expect((await history(client, thread.id))[0]?.referenced_message?.content).toBe('it is slow');
});
