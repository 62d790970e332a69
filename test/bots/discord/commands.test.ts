import { ApplicationCommandType, REST, RESTEvents, Routes } from 'discord.js';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { register } from '../../../bots/discord/register.ts';
import { startDiscord } from '../../standins/discord/index.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { argSpec, catalogueWith, runbookSpec } from '../catalogue.ts';

async function stage() {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  for (const method of ['GET', 'PUT'])
    discord.limits.rates.set(`${method} /applications/:id/guilds/:id/commands`, { limit: 100, window: 1000 });
  const app = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  discord.install(app, guild);
  const rest = new REST({ api: discord.api }).setToken(app.token);
  /** Calls that change something. */
  const changes: string[] = [];
  rest.on(RESTEvents.Response, ({ method }) => {
    if (method !== 'GET') changes.push(method);
  });
  const memory = path.join(await tempDir('reeve-commands-'), 'discord.commands');
  const session = (names: string[]) => ({
    platform: 'discord' as const,
    place: guild.id,
    application: app.id,
    transport: 'connection' as const,
    live: [],
    catalogue: catalogueWith(
      names.map((name) => runbookSpec(name, [argSpec('env', { type: 'environment' })])),
    ),
  });
  return { discord, app, guild, rest, changes, memory, session };
}

test('Discord takes the commands as they are; they are sent again only when something about them changed', async () => {
  const { discord, app, guild, rest, changes, memory, session } = await stage();
  expect(await register(rest, session(['greet']), memory, { dry: true })).toMatchObject({
    added: ['reeve', 'reeve-more', 'greet', 'Capture as issue'],
    changed: true,
  });
  expect(app.commands.get(guild.id) ?? []).toEqual([]);
  expect(changes).toEqual([]);
  expect(await register(rest, session(['greet']), memory)).toMatchObject({ changed: true });
  expect(app.commands.get(guild.id)?.map(({ name }) => name)).toEqual([
    'reeve',
    'reeve-more',
    'greet',
    'Capture as issue',
  ]);
  expect(await register(rest, session(['greet']), memory)).toMatchObject({
    changed: false,
    added: [],
    removed: [],
  });
  expect(changes).toEqual(['PUT']);
  expect(await register(rest, session(['greet', 'wave']), memory)).toMatchObject({
    changed: true,
    added: ['wave'],
  });
  expect(await register(rest, session(['wave']), memory)).toMatchObject({
    changed: true,
    removed: ['greet'],
  });
  // Somebody took one away by hand.
  await rest.put(Routes.applicationGuildCommands(app.id, guild.id), { body: [] });
  expect(await register(rest, session(['wave']), memory)).toMatchObject({ changed: true });
  discord.refusals.none();
});

test('200 runbooks: Discord takes a hundred commands, and it is said which are reached by /reeve run', async () => {
  const { discord, app, guild, rest, memory, session } = await stage();
  const names = Array.from({ length: 200 }, (_, i) => `runbook-${i}`);
  const done = await register(rest, session(names), memory);
  const commands = app.commands.get(guild.id) ?? [];
  expect(commands.filter(({ type }) => type === ApplicationCommandType.ChatInput)).toHaveLength(100);
  expect(done.left).toEqual(expect.arrayContaining(names.slice(98)));
  discord.refusals.none();
});
