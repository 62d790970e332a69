import {
  ApplicationCommandOptionType as O,
  ComponentType,
  GatewayIntentBits,
  MessageFlags,
  PermissionFlagsBits as P,
  Routes,
  type APIApplicationCommand,
  type Interaction,
  type RESTPostAPIChatInputApplicationCommandsJSONBody as Command,
} from 'discord.js';
import { expect, test } from 'vitest';
import { scene } from './discord/harness.ts';
import { PersonCannot, type Value } from './discord/payload.ts';

const PING: Command = { name: 'ping', description: 'Answers' };
const FIND: Command = {
  name: 'find',
  description: 'Finds',
  options: [
    { type: O.String, name: 'what', description: 'What', required: true, autocomplete: true },
    { type: O.User, name: 'whose', description: 'Whose', required: false },
    { type: O.Integer, name: 'most', description: 'How many', min_value: 1, max_value: 5 },
    { type: O.String, name: 'kind', description: 'Kind', choices: [{ name: 'A job', value: 'job' }] },
  ],
};

test('commands: a bulk overwrite comes back normalised, keeps ids, and moves the version only on change', async () => {
  const { discord, client, app, guild } = await scene(async () => {});
  const put = async (body: object[]): Promise<APIApplicationCommand[]> =>
    (await client.rest.put(Routes.applicationGuildCommands(app.id, guild.id), {
      body,
    })) as APIApplicationCommand[];
  const first = await put([PING, FIND]);
  expect(first.map(({ name }) => name)).toEqual(['ping', 'find']);
  expect(first[1]?.options?.[1]).toEqual({ type: O.User, name: 'whose', description: 'Whose' });
  expect(first[0]).toMatchObject({
    type: 1,
    nsfw: false,
    default_member_permissions: null,
    guild_id: guild.id,
  });
  const second = await put([{ ...FIND, description: 'Finds things' }, PING]);
  expect(second.map(({ id }) => id)).toEqual([first[1]?.id, first[0]?.id]);
  expect(second[0]?.version).not.toBe(first[1]?.version);
  expect(second[1]?.version).toBe(first[0]?.version);
  expect(await put([])).toEqual([]);
  discord.refusals.none();
});

test('commands: 200 creates a day and guild, 100 at once', async () => {
  const { discord, client, app, guild } = await scene(async () => {});
  discord.limits.rates.set('PUT /applications/:id/guilds/:id/commands', { limit: 50, window: 1_000 });
  const put = (from: number, count: number): Promise<unknown> =>
    client.rest.put(Routes.applicationGuildCommands(app.id, guild.id), {
      body: Array.from({ length: count }, (_, index) => ({ name: `c${from + index}`, description: 'd' })),
    });
  await put(0, 100);
  await put(0, 100);
  await put(100, 100);
  await expect(put(200, 1)).rejects.toMatchObject({ code: 30034 });
  discord.clock.advance(86_400_000);
  await expect(put(200, 101)).rejects.toMatchObject({ code: 30032 });
  await put(200, 1);
  expect(discord.refusals.take()).toHaveLength(2);
});

test('options reach the client with their types, and a person cannot send what the command does not allow', async () => {
  const seen: unknown[] = [];
  const { discord, client, guild, ops, ada } = await scene(async (interaction) => {
    if (!interaction.isChatInputCommand()) return;
    const { options } = interaction;
    seen.push([options.getString('what'), options.getUser('whose')?.username, options.getInteger('most')]);
    await interaction.reply({ content: 'found', flags: MessageFlags.Ephemeral });
  });
  await client.application?.commands.set([FIND], guild.id);
  const bob = discord.addMember(guild, 'bob');
  const turn = await ada.slash(ops, '/find', { what: 'x', whose: bob.id, most: 3 });
  expect(seen).toEqual([['x', 'bob', 3]]);
  expect(turn.ephemeral).toBe(true);
  expect(bob.sees(ops)).toEqual([]);
  const bad: Record<string, Value>[] = [
    {},
    { what: 'x', most: 9 },
    { what: 'x', kind: 'drill' },
    { what: 'x', no: 1 },
  ];
  for (const options of bad) expect(() => ada.slash(ops, '/find', options)).toThrow(PersonCannot);
  expect(() => ada.slash(ops, '/nothing')).toThrow(PersonCannot);
});

test('autocomplete offers choices, restricts nothing, and is refused when it offers too many', async () => {
  let many = 2;
  const { discord, client, guild, ops, ada, errors } = await scene(async (interaction) => {
    if (interaction.isAutocomplete()) {
      const { name, value } = interaction.options.getFocused(true);
      await interaction.respond(
        Array.from({ length: many }, (_, i) => ({ name: `${name} ${value}${i}`, value: `${i}` })),
      );
    } else if (interaction.isChatInputCommand())
      await interaction.reply(interaction.options.getString('what', true));
  });
  await client.application?.commands.set([FIND], guild.id);
  expect(await ada.autocomplete(ops, '/find', { what: 'sh' }, 'what')).toEqual([
    { name: 'what sh0', value: '0' },
    { name: 'what sh1', value: '1' },
  ]);
  expect((await ada.slash(ops, '/find', { what: 'never offered' })).message?.content).toBe('never offered');
  many = 26;
  const late = ada.autocomplete(ops, '/find', { what: 'sh' }, 'what');
  await discord.until(() => errors.length > 0);
  discord.clock.advance(3_000);
  expect(await late).toBeUndefined();
  expect(discord.refusals.take()).toMatchObject([{ code: '50035' }]);
});

test('a menu, an update of the own message, and a deferred update', async () => {
  const { discord, client, guild, ops, ada } = await scene(async (interaction) => {
    if (interaction.isChatInputCommand())
      await interaction.reply({
        content: 'which?',
        components: [
          {
            type: ComponentType.ActionRow,
            components: [
              {
                type: ComponentType.StringSelect,
                customId: 'which',
                placeholder: 'Which?',
                options: ['shop', 'blog'].map((name) => ({ label: name, value: name })),
              },
            ],
          },
        ],
      });
    else if (interaction.isStringSelectMenu()) {
      await interaction.deferUpdate();
      await interaction.editReply({ content: interaction.values.join(), components: [] });
    }
  });
  await client.application?.commands.set([PING], guild.id);
  const message = await (await ada.slash(ops, '/ping')).reply();
  expect(() => ada.select(message, 'Which?', ['other'])).toThrow(PersonCannot);
  const turn = await ada.select(message, 'Which?', ['blog']);
  expect(turn.message).toBe(message);
  await turn.reply(({ content }) => content === 'blog');
  expect(() => ada.select(message, 'Which?', ['blog'])).toThrow(PersonCannot);
  discord.refusals.none();
});

test('direct messages, strangers, other guilds, other bots and hidden commands look as they do on Discord', async () => {
  const seen: object[] = [];
  const { discord, client, app, guild, ada, ops } = await scene(async (interaction: Interaction) => {
    if (!interaction.isChatInputCommand()) return;
    const { guildId, user, memberPermissions } = interaction;
    seen.push({ guildId, name: user.username, bot: user.bot, manage: memberPermissions?.has(P.ManageGuild) });
    await interaction.reply({ content: 'ok', flags: MessageFlags.Ephemeral });
  });
  await client.application?.commands.set([
    PING,
    { ...PING, name: 'admin', default_member_permissions: String(P.ManageGuild) },
  ]);
  const other = discord.addGuild('elsewhere');
  const hall = discord.addChannel(other, 'hall');
  discord.install(app, other);
  const eve = discord.addMember(other, 'eve', P.ManageGuild);
  const robot = discord.addMember(guild, discord.addUser('robot', { bot: true }));
  await ada.slash(ada.dm(), '/ping');
  await eve.slash(hall, '/ping');
  await robot.slash(ops, '/ping');
  await eve.slash(hall, '/admin');
  expect(() => ada.slash(ops, '/admin')).toThrow(PersonCannot);
  expect(seen).toEqual([
    { guildId: null, name: 'ada', bot: false, manage: undefined },
    { guildId: other.id, name: 'eve', bot: false, manage: true },
    { guildId: guild.id, name: 'robot', bot: true, manage: false },
    { guildId: other.id, name: 'eve', bot: false, manage: true },
  ]);
});

test('messages of people arrive by intent, without their text unless the app may read it', async () => {
  const heard: string[] = [];
  const { promise: last, resolve } = Promise.withResolvers<void>();
  const intents = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages];
  const { client, app, ops, ada } = await scene(async () => {}, { intents });
  client.on('messageCreate', ({ content }) => heard.push(content));
  client.on('messageUpdate', (_, { content }) => resolve(void heard.push(`edited: ${content}`)));
  const first = ada.say(ops, 'a secret');
  ada.say(ops, `<@${app.id}> hello`);
  ada.edit(first, 'another');
  await last;
  expect(heard).toEqual(['', `<@${app.id}> hello`, 'edited: ']);
});

test('mentions ping only whom allowed_mentions lets through, and everyone only with the permission', async () => {
  const { discord, client, app, guild, ops, ada } = await scene(async () => {});
  const post = async (body: object): Promise<unknown> => {
    const { id } = (await client.rest.post(Routes.channelMessages(ops.id), { body })) as { id: string };
    return discord.world.messages.get(id)?.pings;
  };
  const content = `@everyone <@${ada.id}>`;
  const none = { everyone: false, users: [], roles: [] };
  expect(await post({ content })).toEqual({ ...none, users: [ada.id] });
  expect(await post({ content, allowed_mentions: { parse: [] } })).toEqual(none);
  discord.install(app, guild, P.ViewChannel | P.SendMessages | P.MentionEveryone);
  expect(await post({ content })).toEqual({ ...none, everyone: true, users: [ada.id] });
  expect(await post({ content, allowed_mentions: { parse: ['users'] } })).toEqual({
    ...none,
    users: [ada.id],
  });
});
