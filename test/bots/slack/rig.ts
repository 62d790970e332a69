import { readFile } from 'node:fs/promises';
import os from 'node:os';
import { onTestFinished } from 'vitest';
import { SLACK_SCOPES } from '../../../contracts/chat-app.ts';
import type { ChatTopic } from '../../../contracts/estate/chat.ts';
import { Daemon } from '../../../bots/link/client.ts';
import { hurried } from '../pace.ts';
import { runSlack } from '../../../bots/slack/start.ts';
import { openWorld, RUNBOOKS, type World } from '../../helpers/app.ts';
import { startSlack, type SlackStandin } from '../../standins/slack/index.ts';
import type { Person } from '../../standins/slack/person.ts';
import type { App, Channel, Message, Team } from '../../standins/slack/world.ts';

export interface Logged {
  level: string;
  message: string;
}

export interface Bot {
  log: Logged[];
  /** Asks it to stop and waits for its end. */
  stop(): Promise<void>;
}

export interface SlackRig {
  slack: SlackStandin;
  world: World;
  app: App;
  token: string;
  team: Team;
  ops: Channel;
  approvals: Channel;
  topics: ReadonlyMap<ChatTopic, Channel>;
  ana: Person;
  ben: Person;
  credential: string;
  /** A bot in this process, once it hears. */
  startBot(options?: { hears?: boolean }): Promise<Bot>;
}

/** dev needs nothing, staging its name typed, prod one approval. */
const estateOf = (
  transport: 'socket' | 'http',
  team: string,
  app: string,
  channels: string,
  ana: string,
  ben: string,
): string =>
  `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [operator], slack: ['${team}/${ana}'] }
  ben: { roles: [approver, operator, admin], slack: ['${team}/${ben}'] }
projects:
  shop:
    environments:
      dev: {}
      staging: { confirm_typed: true }
      prod: { approvals: 1 }
  other:
    environments: { dev: {} }
chat:
  slack:
    team: ${team}
    app: ${app}
    transport: ${transport}
    channels: { default: ${channels} }
  url: https://reeve.example.com
`;

/** A real daemon, Slack's stand-in, and the real bot between them, with exactly the scopes that its manifest asks for. */
export async function slackRig(
  options: {
    runbooks?: Record<string, string>;
    commands?: string[];
    start?: boolean;
    transport?: 'http';
    /** What has a channel of its own, named like it. */
    topics?: readonly ChatTopic[];
    /** Put behind the estate's chat. */
    more?: string;
    /** No pause of the bot is longer than this, ms. */
    hurry?: number;
  } = {},
): Promise<SlackRig & { bot: Bot }> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const approvals = slack.addChannel(team, 'approvals', 'private');
  const topics = new Map((options.topics ?? []).map((topic) => [topic, slack.addChannel(team, topic)]));
  const ana = slack.addMember(team, 'ana', [ops, ...topics.values()]);
  const ben = slack.addMember(team, 'ben', [ops, approvals, ...topics.values()]);
  const app = slack.addApp('reeve', { commands: ['/reeve', ...(options.commands ?? [])] });
  app.scopes = new Set(Object.keys(SLACK_SCOPES));
  const token = slack.install(app, team, [ops, approvals, ...topics.values()]);
  const named = [...topics].map(([topic, { id }]) => `, ${topic}: ${id}`).join('');
  const channels = `${ops.id}, approvals: ${approvals.id}${named}`;
  const estate = (transport: 'socket' | 'http'): string =>
    estateOf(transport, team.id, app.id, channels, ana.id, ben.id) + (options.more ?? '');
  const world = await openWorld({
    estate: estate('socket'),
    runbooks: options.runbooks ?? RUNBOOKS,
  });
  if (options.transport === 'http') await signed(world, app.signingSecret, estate('http'));
  const made = await world.as('root', { command: 'chat setup', args: { platform: 'slack' } });
  const credential = (await readFile((made.data as { file: string }).file, 'utf8')).trim();
  const rig: SlackRig = {
    slack,
    world,
    app,
    token,
    team,
    ops,
    approvals,
    topics,
    ana,
    ben,
    credential,
    async startBot({ hears = true } = {}) {
      const daemon = new Daemon({ at: { socket: world.app.socket }, token: credential });
      const log: Logged[] = [];
      const stopping = new AbortController();
      const before = slack.socket.connections;
      const running = runSlack({
        tokens: { bot: token, app: app.appToken },
        api: slack.api,
        daemon,
        pace: hurried(options.hurry),
        now: Date.now,
        log: (level, message, detail) => {
          log.push({ level, message: `${message} ${JSON.stringify(detail) ?? ''}`.trim() });
          slack.changes.happened();
        },
        signal: stopping.signal,
        refused: () => undefined,
      });
      const stop = async (): Promise<void> => {
        stopping.abort();
        await running;
        daemon.close();
      };
      onTestFinished(stop);
      if (options.transport === 'http') app.endpoint = `${world.app.url}/v1/interactions/slack`;
      else if (hears) await slack.until(() => slack.socket.connections > before, 'the bot connects');
      return { log, stop };
    },
  };
  const bot = options.start === false ? { log: [], stop: () => Promise.resolve() } : await rig.startBot();
  return { ...rig, bot };
}

/** The secret first: reeve.yaml is refused without it. */
async function signed(world: World, secret: string, estate: string): Promise<void> {
  await world.as('root', { command: 'secret set', args: { name: 'slack_signing_secret', value: secret } });
  await world.write('reeve.yaml', estate);
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
}

/** The message's text as a person reads it: header, sections. */
export const textOf = (message: Pick<Message, 'blocks'>): string =>
  message.blocks
    .map((block) => ('text' in block && typeof block.text === 'object' ? (block.text?.text ?? '') : ''))
    .join('\n');

/** Labels of a message's buttons. */
export const buttonsOf = ({ blocks }: Pick<Message, 'blocks'>): string[] =>
  blocks.flatMap((block) =>
    block.type === 'actions'
      ? block.elements.flatMap((element) => (element.type === 'button' ? [element.text.text] : []))
      : [],
  );
