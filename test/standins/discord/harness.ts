import { Client, Events, type ClientOptions, type Interaction } from 'discord.js';
import { onTestFinished } from 'vitest';
import { startDiscord, type DiscordStandin } from './index.ts';
import type { Person } from './person.ts';
import type { App, Channel, Guild } from './world.ts';

export interface Scene {
  discord: DiscordStandin;
  app: App;
  guild: Guild;
  ops: Channel;
  ada: Person;
  /** The real client, logged in. */
  client: Client;
  /** What handlers threw. */
  errors: Error[];
}

/** A guild with a channel, a person and an app, and the real discord.js as the app's bot. Closed when the test ends. */
export async function scene(
  handle: (interaction: Interaction) => Promise<unknown>,
  options: Partial<ClientOptions> = {},
): Promise<Scene> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  const ops = discord.addChannel(guild, 'ops');
  const ada = discord.addMember(guild, 'ada');
  discord.install(app, guild);
  const errors: Error[] = [];
  const client = await login(discord, app, handle, options, errors);
  return { discord, app, guild, ops, ada, client, errors };
}

/** Logs the real discord.js in. What a handler throws is emitted as `error`, as discord.js does. */
export async function login(
  discord: DiscordStandin,
  app: App,
  handle: (interaction: Interaction) => Promise<unknown> = async () => {},
  options: Partial<ClientOptions> = {},
  errors: Error[] = [],
): Promise<Client> {
  const client = new Client({ intents: [], ...options, rest: { ...options.rest, api: discord.api } });
  client.on(Events.Error, (error) => {
    errors.push(error);
    discord.changes.happened();
  });
  client.on(Events.InteractionCreate, (interaction) => {
    handle(interaction).catch((error: unknown) => client.emit(Events.Error, error as Error));
  });
  onTestFinished(() => client.destroy());
  await client.login(app.token);
  return client;
}
