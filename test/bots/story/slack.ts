import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { Daemon } from '../../../bots/link/client.ts';
import { manifestOf, ownCommands } from '../../../bots/slack/manifest.ts';
import { runSlack } from '../../../bots/slack/start.ts';
import { SLACK_SCOPES } from '../../../contracts/chat-app.ts';
import { startSlack } from '../../standins/slack/index.ts';
import type { Message } from '../../standins/slack/world.ts';
import { buttonsOf } from '../slack/rig.ts';
import { lineOf } from './discord.ts';
import { PEOPLE, type Name } from './script.ts';
import { linesOf, outside, plainly, type Seen } from './seen.ts';
import { quickPace, storyWorld, type Shown, type Stage } from './stage.ts';

const TONES = new Map([
  ['🟢', 'good'],
  ['🔴', 'bad'],
  ['🟠', 'warn'],
  ['🔵', 'info'],
] as const);

export async function slackStage(): Promise<Stage> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const rooms = {
    ops: slack.addChannel(team, 'ops'),
    approvals: slack.addChannel(team, 'approvals', 'private'),
  };
  const channels = Object.values(rooms);
  const people = Object.fromEntries(
    (Object.keys(PEOPLE) as Name[]).map((name) => [name, slack.addMember(team, name, channels)]),
  ) as Record<Name, ReturnType<typeof slack.addMember>>;
  const app = slack.addApp('reeve', { commands: ['/reeve'] });
  app.scopes = new Set(Object.keys(SLACK_SCOPES));
  const token = slack.install(app, team, channels);
  const world = await storyWorld(
    `  slack: { team: ${team.id}, app: ${app.id}, channels: { default: ${rooms.ops.id}, approvals: ${rooms.approvals.id} } }`,
    (who) => `slack: ['${team.id}/${people[who].id}']`,
  );
  await world.as('root', { command: 'chat setup', args: { platform: 'slack' } });
  const credential = (await readFile(path.join(world.home, 'bots', 'slack.token'), 'utf8')).trim();
  const daemon = new Daemon({ at: { socket: world.app.socket }, token: credential });
  const stopping = new AbortController();
  const running = runSlack({
    tokens: { bot: token, app: app.appToken },
    api: slack.api,
    daemon,
    pace: quickPace,
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
  const { catalogue } = await daemon.session();
  // As it is when the manifest was pasted.
  app.commands = new Set(manifestOf(catalogue).features.slash_commands.map(({ command }) => command));
  const own = new Set(ownCommands(catalogue).own.map(({ name }) => name));
  const names = new Map<string, string>([
    ...(Object.keys(PEOPLE) as Name[]).map((name) => [people[name].id, name] as const),
    ...Object.entries(rooms).map(([name, { id }]) => [id, name] as const),
    ...[team.id, app.id].map((id) => [id, 'PLACE'] as const),
  ]);
  const shown = (message: Message): Shown => ({
    seen: () => seenOf(message, names),
    gone: () => message.deletedAt !== undefined,
    ...{ message },
  });
  return {
    platform: 'slack',
    world,
    names,
    until: (look, what) => slack.changes.until(look, what, 20_000),
    refused: () => slack.refusals.none(),
    alone: (who) =>
      channels
        .flatMap((room) => people[who].sees(room))
        .filter(({ ephemeralFor }) => ephemeralFor === people[who].id)
        .toReversed()
        .map(shown),
    room: (room) =>
      slack.world
        .messagesIn(rooms[room].id)
        .filter(({ ephemeralFor }) => ephemeralFor === undefined)
        .toReversed()
        .map(shown),
    async types(who, command, args, reason) {
      const line = lineOf(command, args, reason);
      const turn = own.has(command)
        ? await people[who].slash(rooms.ops, `/${command}`, line.slice(command.length + 1))
        : await people[who].slash(rooms.ops, '/reeve', line);
      return shown(await turn.response());
    },
    async clicks(who, on, label, into) {
      const turn = await people[who].click((on as Shown & { message: Message }).message, label);
      if (into === undefined) return;
      const [[field, text] = ['', '']] = Object.entries(into);
      await people[who].submit(await turn.opened(), { [field]: text });
    },
    /** Slack completes nothing in a line: the form of `/reeve` alone does. */
    async completes(who, command, option, typed, given) {
      const form = await (await people[who].slash(rooms.ops, '/reeve')).opened();
      await people[who].select(form, 'Command', command);
      await slack.until(() => form.history.length > 0, 'the fields of the command');
      for (const [field, value] of Object.entries(given)) await people[who].select(form, field, value);
      const offered = await people[who].suggest(form, option, typed);
      await people[who].close(form);
      return (offered ?? []).map(({ value }) => value);
    },
  };
}

function seenOf(message: Message, names: ReadonlyMap<string, string>): Seen {
  const texts = message.blocks.map((block) =>
    'text' in block && typeof block.text === 'object' ? (block.text?.text ?? '') : '',
  );
  const [head = '', ...rest] = texts.map(read);
  const tone = [...TONES].find(([sign]) => head.startsWith(sign));
  return {
    tone: tone?.[1] ?? 'none',
    title: plainly(tone === undefined ? head : head.slice(tone[0].length + 1)),
    lines: linesOf(rest.filter((text) => !/^(?:<@[UW][A-Z0-9]+> ?)+$/u.test(text)).join('\n')),
    buttons: buttonsOf(message),
    alone: message.ephemeralFor !== undefined,
    calls: message.pings.users.map((id) => names.get(id) ?? id),
    file: message.files.length > 0,
  };
}

/** Slack's own writing undone: bold, times, what parts formatting characters, entities. */
const read = (whole: string): string =>
  outside(whole, (text) =>
    text
      .replaceAll(/(?<!\u200b)\*([^*\n]+)\*(?!\u200b)/gu, '$1')
      .replaceAll(/<!date\^\d+\^[^|>]*\|[^>]*>/gu, 'TIME'),
  )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
