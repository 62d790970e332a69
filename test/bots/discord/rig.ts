import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { ChatTopic } from '../../../contracts/estate/chat.ts';
import { DiscordBot } from '../../../bots/discord/bot.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { hurried } from '../pace.ts';
import { openWorld, RUNBOOKS, type World } from '../../helpers/app.ts';
import { startDiscord, type DiscordStandin } from '../../standins/discord/index.ts';
import type { Person } from '../../standins/discord/person.ts';
import type { App, Channel, Guild, Message } from '../../standins/discord/world.ts';

export interface Scene {
  world: World;
  discord: DiscordStandin;
  app: App;
  guild: Guild;
  ops: Channel;
  approvals: Channel;
  topics: ReadonlyMap<ChatTopic, Channel>;
  ana: Person;
  ben: Person;
  vic: Person;
  stranger: Person;
  /** What the bot logged, newest last. */
  log: string[];
  bot: DiscordBot;
  /** Another bot process on the same home, as after a crash. */
  again(): Promise<DiscordBot>;
}

/**
 * Discord, a daemon and the bot between them, all real but Discord. `http`: Discord calls the daemon. `topics`: what has a
 * channel of its own, named like it. `more` is put behind the estate's chat.
 */
export async function scene(
  options: {
    runbooks?: Record<string, string>;
    transport?: 'gateway' | 'http';
    topics?: readonly ChatTopic[];
    more?: string;
    /** No pause of the bot is longer than this, ms. */
    hurry?: number;
    privilegedIntents?: number;
  } = {},
): Promise<Scene> {
  const { transport = 'gateway' } = options;
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve', { privilegedIntents: options.privilegedIntents ?? 0 });
  const guild = discord.addGuild('acme');
  const [ops, approvals] = [discord.addChannel(guild, 'ops'), discord.addChannel(guild, 'approvals')];
  const topics = new Map((options.topics ?? []).map((topic) => [topic, discord.addChannel(guild, topic)]));
  const [ana, ben, vic, stranger] = ['ana', 'ben', 'vic', 'stranger'].map((name) =>
    discord.addMember(guild, name),
  ) as [Person, Person, Person, Person];
  discord.install(app, guild);
  const estate = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [operator], discord: ['${ana.id}'] }
  ben: { roles: [approver], discord: ['${ben.id}'] }
  vic: { roles: [viewer], discord: ['${vic.id}'] }
projects:
  shop:
    environments: { dev: {}, staging: { confirm_typed: true }, prod: { approvals: 1 } }
chat:
  discord:
    guild: "${guild.id}"
    application: "${app.id}"
    transport: ${transport}
    public_key: "${app.publicKey}"
    channels: { default: "${ops.id}", approvals: "${approvals.id}"${[...topics].map(([topic, { id }]) => `, ${topic}: "${id}"`).join('')} }
  url: https://reeve.example.com
${options.more ?? ''}`;
  const world = await openWorld({ estate, runbooks: { ...RUNBOOKS, ...options.runbooks } });
  await world.as('root', { command: 'chat setup', args: { platform: 'discord' } });
  const token = (await readFile(path.join(world.home, 'bots', 'discord.token'), 'utf8')).trim();
  const log: string[] = [];
  const again = async (): Promise<DiscordBot> => {
    const bot = new DiscordBot({
      daemon: new Daemon({ at: { socket: path.join(world.home, 'reeve.sock') }, token }),
      token: app.token,
      api: discord.api,
      memory: path.join(world.home, 'bots', 'discord.commands'),
      pace: hurried(options.hurry),
      now: Date.now,
      log: (level, message, detail) =>
        void log.push(
          `${level} ${message} ${detail instanceof Error ? detail.stack : JSON.stringify(detail)}`,
        ),
      refused: () => void log.push('refused'),
    });
    onTestFinished(() => bot.stop());
    await bot.start();
    if (transport === 'http') {
      const url = `${world.app.url}/v1/interactions/discord`;
      if (!(await discord.endpoint.register(app, url))) throw new Error('the endpoint was not taken');
    }
    return bot;
  };
  return {
    world,
    discord,
    app,
    guild,
    ops,
    approvals,
    topics,
    ana,
    ben,
    vic,
    stranger,
    log,
    bot: await again(),
    again,
  };
}

/** All that a message shows, as text. */
export const textOf = (message: Message): string =>
  [
    message.content,
    ...message.embeds.flatMap(({ title = '', description = '' }) => [title, description]),
  ].join('\n');

/** Labels of its buttons. */
export const buttonsOf = (message: Message): string[] =>
  (message.components as unknown as { components?: { label?: string }[] }[]).flatMap(({ components = [] }) =>
    components.map(({ label = '' }) => label),
  );
