import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { DiscordBot } from '../../../bots/discord/bot.ts';
import { commandTree, type CommandTree } from '../../../bots/dispatch/tree.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { startDiscord } from '../../standins/discord/index.ts';
import type { Message } from '../../standins/discord/world.ts';
import { buttonsOf } from '../discord/rig.ts';
import { PEOPLE, type Name } from './script.ts';
import { linesOf, outside, plainly, type Seen } from './seen.ts';
import { quickPace, storyWorld, type Shown, type Stage } from './stage.ts';

const TONES = new Map([
  [0x2e9e5b, 'good'],
  [0xd13c3c, 'bad'],
  [0xd9962b, 'warn'],
  [0x4a7fd1, 'info'],
] as const);

export async function discordStage(): Promise<Stage> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  // A week is told in seconds: what fits into Discord's five seconds is more than in a week of people.
  for (const route of ['POST /channels/:id/messages', 'PATCH /channels/:id/messages/:id'])
    discord.limits.rates.set(route, { limit: 100, window: 1000 });
  const app = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  const rooms = { ops: discord.addChannel(guild, 'ops'), approvals: discord.addChannel(guild, 'approvals') };
  const people = Object.fromEntries(
    (Object.keys(PEOPLE) as Name[]).map((name) => [name, discord.addMember(guild, name)]),
  ) as Record<Name, ReturnType<typeof discord.addMember>>;
  discord.install(app, guild);
  const world = await storyWorld(
    `  discord: { guild: "${guild.id}", application: "${app.id}", channels: { default: "${rooms.ops.id}", approvals: "${rooms.approvals.id}" } }`,
    (who) => `discord: ['${people[who].id}']`,
  );
  await world.as('root', { command: 'chat setup', args: { platform: 'discord' } });
  const token = (await readFile(path.join(world.home, 'bots', 'discord.token'), 'utf8')).trim();
  const daemon = new Daemon({ at: { socket: path.join(world.home, 'reeve.sock') }, token });
  const bot = new DiscordBot({
    daemon,
    token: app.token,
    api: discord.api,
    memory: path.join(world.home, 'bots', 'discord.commands'),
    pace: quickPace,
    now: Date.now,
    log: () => undefined,
    refused: () => undefined,
  });
  onTestFinished(() => bot.stop());
  await bot.start();
  const session = await daemon.session();
  const tree = commandTree(session.catalogue);
  const names = new Map<string, string>([
    ...(Object.keys(PEOPLE) as Name[]).map((name) => [people[name].id, name] as const),
    ...Object.entries(rooms).map(([name, { id }]) => [id, name] as const),
    ...[guild.id, app.id].map((id) => [id, 'PLACE'] as const),
  ]);
  const shown = (message: Message): Shown => ({
    seen: () => seenOf(message, names),
    gone: () => message.deletedAt !== undefined,
    ...{ message },
  });
  const all = (who: Name): Message[] => Object.values(rooms).flatMap((room) => people[who].sees(room));
  return {
    platform: 'discord',
    world,
    names,
    until: (look, what) => discord.changes.until(look, what, 20_000),
    refused: () => discord.refusals.none(),
    alone: (who) =>
      all(who)
        .filter(({ ephemeralFor }) => ephemeralFor === people[who].id)
        .toReversed()
        .map(shown),
    room: (room) => discord.world.messagesIn(rooms[room].id).toReversed().map(shown),
    async types(who, command, args, reason) {
      const words = pathOf(tree, command);
      const options = { ...args, ...(reason === undefined ? {} : { reason }) };
      const turn = await people[who].slash(
        rooms.ops,
        words?.path ?? '/reeve do',
        words === undefined ? { line: lineOf(command, args, reason) } : typed(words.booleans, options),
      );
      return shown(await turn.reply());
    },
    async clicks(who, on, label, into) {
      const turn = await people[who].click((on as Shown & { message: Message }).message, label);
      if (into !== undefined) await people[who].submit(turn, { ...into });
    },
    async completes(who, command, option, text, given) {
      const words = pathOf(tree, command);
      const offered = await people[who].autocomplete(
        rooms.ops,
        words?.path ?? '',
        { ...given, [option]: text },
        option,
      );
      return (offered ?? []).map(({ value }) => String(value));
    },
  };
}

function pathOf(tree: CommandTree, command: string): { path: string; booleans: Set<string> } | undefined {
  for (const root of [tree, ...tree.more]) {
    for (const leaf of root.leaves)
      if (leaf.command === command) return found(`/${root.name} ${leaf.name}`, leaf);
    for (const group of root.groups)
      for (const leaf of group.leaves)
        if (leaf.command === command) return found(`/${root.name} ${group.name} ${leaf.name}`, leaf);
  }
  const own = tree.own.find((leaf) => leaf.command === command);
  return own === undefined ? undefined : found(`/${own.name}`, own);
}

const found = (at: string, { options }: { options: { name: string; type: string }[] }) => ({
  path: at,
  booleans: new Set(options.filter(({ type }) => type === 'boolean').map(({ name }) => name)),
});

const typed = (booleans: Set<string>, options: Record<string, string | number>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, value]) => [name, booleans.has(name) ? value === 'true' : value]),
  );

/** As one types it in one line. */
export const lineOf = (command: string, args: Record<string, string | number>, reason?: string): string =>
  [
    command,
    ...Object.entries(args).map(([name, value]) =>
      value === 'true' ? `--${name.replaceAll('_', '-')}` : `--${name.replaceAll('_', '-')} "${value}"`,
    ),
    ...(reason === undefined ? [] : [`--reason "${reason}"`]),
  ].join(' ');

function seenOf(message: Message, names: ReadonlyMap<string, string>): Seen {
  const [embed] = message.embeds;
  return {
    tone: TONES.get(embed?.color as 0x2e9e5b) ?? 'none',
    title: plainly(read(embed?.title ?? '')),
    lines: linesOf(read(embed?.description ?? '')),
    buttons: buttonsOf(message),
    alone: message.ephemeralFor !== undefined,
    calls: message.pings.users.map((id) => names.get(id) ?? id),
    file: message.attachments.length > 0,
  };
}

/** Discord's own writing undone: bold, times, escapes. */
const read = (whole: string): string =>
  outside(whole, (text) =>
    text
      .replaceAll(/(?<!\\)\*\*(.+?)(?<!\\)\*\*/gu, '$1')
      .replaceAll(/<t:\d+:R>/gu, 'TIME')
      .replaceAll(/\\([\\*_~`|>#<[\]()+.:-])/gu, '$1'),
  );
