import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { DiscordBot } from '../../../bots/discord/bot.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { systemPace } from '../../../bots/link/pace.ts';
import { runSlack } from '../../../bots/slack/start.ts';
import type { Platform } from '../../../contracts/chat.ts';
import { SLACK_SCOPES } from '../../../contracts/chat-app.ts';
import { openWorld, type World } from '../../helpers/app.ts';
import { startDiscord } from '../../standins/discord/index.ts';
import type { Message as DiscordMessage } from '../../standins/discord/world.ts';
import { startSlack } from '../../standins/slack/index.ts';
import type { Message as SlackMessage } from '../../standins/slack/world.ts';
import * as onDiscord from '../discord/rig.ts';
import * as onSlack from '../slack/rig.ts';

export type Name = 'ana' | 'ben' | 'cleo' | 'dora';
const NAMES: readonly Name[] = ['ana', 'ben', 'cleo', 'dora'];

/** A message as somebody sees it. */
export interface Seen {
  text(): string;
  buttons(): string[];
  /** Who it calls. */
  calls(): Name[];
  /** Shown to one person alone. */
  own: boolean;
  raw: DiscordMessage | SlackMessage;
}

/** What the same people do, and see, on one platform. */
export interface Side {
  platform: Platform;
  /** Types a command in the channel `ops`. */
  type(who: Name, command: string, options?: Record<string, string | boolean | number>): Promise<void>;
  /** Waits for a message that this person sees in a channel. */
  sees(who: Name, where: 'ops' | 'approvals', what: string, good: (m: Seen) => boolean): Promise<Seen>;
  /** All they see there now. */
  all(who: Name, where: 'ops' | 'approvals'): Seen[];
  /** Presses a button, and fills in the form that it opens. */
  press(who: Name, on: Seen, button: string, form?: Record<string, string>): Promise<void>;
  until(what: string, good: () => boolean): Promise<void>;
  /** No payload was refused by the platform. */
  clean(): void;
}

/**
 * Discord, Slack, one daemon and both real bots. Ana may deploy, Ben and Cleo approve, Dora only looks; each has an account
 * on both platforms. `prod`: policy of the environment.
 */
export async function stage(prod = 'approvals: 1'): Promise<{ world: World; discord: Side; slack: Side }> {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const slack = await startSlack();
  onTestFinished(() => slack.close());

  const dApp = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  const dChannels = {
    ops: discord.addChannel(guild, 'ops'),
    approvals: discord.addChannel(guild, 'approvals'),
  };
  const dPeople = byName((name) => discord.addMember(guild, name));
  discord.install(dApp, guild);

  const team = slack.addTeam('acme');
  const sChannels = {
    ops: slack.addChannel(team, 'ops'),
    approvals: slack.addChannel(team, 'approvals', 'private'),
  };
  const sPeople = byName((name) => slack.addMember(team, name, [sChannels.ops, sChannels.approvals]));
  const sApp = slack.addApp('reeve', { commands: ['/reeve'] });
  sApp.scopes = new Set(Object.keys(SLACK_SCOPES));
  const sToken = slack.install(sApp, team, [sChannels.ops, sChannels.approvals]);

  const person = (name: Name, roles: string): string =>
    `  ${name}: { roles: [${roles}], discord: ['${dPeople[name].id}'], slack: ['${team.id}/${sPeople[name].id}'] }`;
  const world = await openWorld({
    estate: `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
${person('ana', 'operator, approver')}
${person('ben', 'approver')}
${person('cleo', 'approver')}
${person('dora', 'viewer')}
projects:
  shop:
    environments: { dev: {}, prod: { ${prod} } }
chat:
  page: http://localhost:7333
  discord:
    guild: "${guild.id}"
    application: "${dApp.id}"
    channels: { default: "${dChannels.ops.id}", approvals: "${dChannels.approvals.id}" }
  slack:
    team: ${team.id}
    app: ${sApp.id}
    channels: { default: ${sChannels.ops.id}, approvals: ${sChannels.approvals.id} }
`,
  });
  const credential = async (platform: Platform): Promise<string> => {
    await world.as('root', { command: 'chat setup', args: { platform } });
    return (await readFile(path.join(world.home, 'bots', `${platform}.token`), 'utf8')).trim();
  };
  const at = { socket: world.app.socket };
  const bot = new DiscordBot({
    daemon: new Daemon({ at, token: await credential('discord') }),
    token: dApp.token,
    api: discord.api,
    memory: path.join(world.home, 'bots', 'discord.commands'),
    pace: systemPace,
    now: Date.now,
    log: () => undefined,
    refused: () => undefined,
  });
  onTestFinished(() => bot.stop());
  await bot.start();

  const stopping = new AbortController();
  const daemon = new Daemon({ at, token: await credential('slack') });
  const running = runSlack({
    tokens: { bot: sToken, app: sApp.appToken },
    api: slack.api,
    daemon,
    pace: systemPace,
    now: Date.now,
    log: () => slack.changes.happened(),
    signal: stopping.signal,
    refused: () => undefined,
  });
  onTestFinished(async () => {
    stopping.abort();
    await running;
    daemon.close();
  });
  await slack.until(() => slack.socket.connections > 0, 'the bot connects');

  const named = (ids: readonly string[], people: Record<Name, { id: string }>): Name[] =>
    NAMES.filter((name) => ids.includes(people[name].id));
  const dSeen = (raw: DiscordMessage): Seen => ({
    raw,
    own: raw.ephemeralFor !== undefined,
    text: () => onDiscord.textOf(raw),
    buttons: () => onDiscord.buttonsOf(raw),
    calls: () => named(raw.pings.users, dPeople),
  });
  const sSeen = (raw: SlackMessage): Seen => ({
    raw,
    own: raw.ephemeralFor !== undefined,
    text: () => onSlack.textOf(raw),
    buttons: () => onSlack.buttonsOf(raw),
    calls: () => named(raw.pings.users, sPeople),
  });
  const discordSide: Side = {
    platform: 'discord',
    async type(who, command, options = {}) {
      // What has no room below /reeve stands below /reeve-more.
      const [group] = command.split(' ');
      const roots = dApp.commands.get(guild.id) ?? [];
      const root = roots.find((one) => one.options?.some(({ name }) => name === group))?.name ?? 'reeve';
      await dPeople[who].slash(dChannels.ops, `/${root} ${command}`, options);
    },
    all: (who, where) => dPeople[who].sees(dChannels[where]).map(dSeen),
    sees: (who, where, what, good) =>
      discord.changes.until(() => discordSide.all(who, where).find(good), what, 40_000),
    async press(who, on, button, form) {
      const turn = await dPeople[who].click(on.raw as DiscordMessage, button);
      if (form !== undefined) await dPeople[who].submit(turn, form);
    },
    until: async (what, good) => void (await discord.changes.until(good, what, 40_000)),
    clean: () => discord.refusals.none(),
  };
  const slackSide: Side = {
    platform: 'slack',
    async type(who, command, options = {}) {
      const line = Object.entries(options).map(([name, value]) =>
        value === true
          ? `--${name.replaceAll('_', '-')}`
          : `--${name.replaceAll('_', '-')} "${String(value)}"`,
      );
      await sPeople[who].slash(sChannels.ops, '/reeve', [command, ...line].join(' '));
    },
    all: (who, where) => sPeople[who].sees(sChannels[where]).map(sSeen),
    sees: (who, where, what, good) => slack.until(() => slackSide.all(who, where).find(good), what),
    async press(who, on, button, form) {
      const turn = await sPeople[who].click(on.raw as SlackMessage, button);
      if (form !== undefined) await sPeople[who].submit(await turn.opened(), form);
    },
    until: async (what, good) => void (await slack.until(good, what)),
    clean: () => slack.refusals.none(),
  };
  return { world, discord: discordSide, slack: slackSide };
}

const byName = <T>(make: (name: Name) => T): Record<Name, T> =>
  Object.fromEntries(NAMES.map((name) => [name, make(name)])) as Record<Name, T>;
