import { readFile, stat } from 'node:fs/promises';
import os from 'node:os';
import { onTestFinished } from 'vitest';
import type { ChatAnswer, ChatAsk, ChatFrom, ChatPost, Platform } from '../../contracts/chat.ts';
import { Daemon } from '../../bots/link/client.ts';
import { openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

export const GUILD = '100000000000000001';
export const APPLICATION = '100000000000000002';
export const OPS = '100000000000000010';
export const APPROVALS = '100000000000000011';
export const ANA = '200000000000000001';
export const BEN = '200000000000000002';
export const CLEO = '200000000000000003';
export const VIC = '200000000000000004';
export const TEAM = 'T00000001';
export const APP = 'A00000001';

/** dev needs nothing, staging its name typed, prod one approval, vault two. Ana and Ben have an account on each platform. */
export const ESTATE = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
  ana: { roles: [operator, approver], discord: ['${ANA}'], slack: ['${TEAM}/U0000ANA'] }
  ben: { roles: [approver, operator], discord: ['${BEN}'], slack: ['${TEAM}/U0000BEN'] }
  cleo: { roles: [approver], discord: ['${CLEO}'] }
  vic: { roles: [watcher], discord: ['${VIC}'] }
roles:
  watcher: { verbs: [view, read, subscribe], projects: [other] }
projects:
  shop:
    environments:
      dev: {}
      staging: { confirm_typed: true }
      prod: { approvals: 1 }
      vault: { approvals: 2 }
  other:
    environments: { dev: {} }
chat:
  discord:
    guild: "${GUILD}"
    application: "${APPLICATION}"
    channels: { default: "${OPS}", approvals: "${APPROVALS}" }
  slack:
    team: ${TEAM}
    app: ${APP}
    channels: { default: C00000001 }
`;

export type ReplyAnswer = Extract<ChatAnswer, { kind: 'reply' }>;

export interface ChatRig extends World {
  /** The bot's side, over the real API. */
  bot(platform: Platform): Daemon;
  /** One interaction of an account, sent by the bot of its platform. */
  say(account: string, ask: ChatAsk, more?: Partial<ChatFrom>): Promise<ReplyAnswer>;
  /** Presses the first button of an answer with this label. */
  press(
    account: string,
    answer: Pick<ReplyAnswer, 'buttons'>,
    label: string,
    said?: { typed?: string; reason?: string },
    more?: Partial<ChatFrom>,
  ): Promise<ReplyAnswer>;
  tokens: Record<Platform, string>;
}

let interactions = 0;
export const fresh = (): string => `90000000000000${String(++interactions).padStart(4, '0')}`;

export const fromOf = (account: string, more: Partial<ChatFrom> = {}): ChatFrom =>
  account.startsWith('U')
    ? { place: TEAM, application: APP, account, channel: 'C00000009', interaction: fresh(), ...more }
    : {
        place: GUILD,
        application: APPLICATION,
        account,
        channel: '300000000000000001',
        interaction: fresh(),
        ...more,
      };

/** A real daemon with both bots enrolled, and what those bots would send. */
export async function openChatRig(
  options: { estate?: string; runbooks?: Record<string, string> } = {},
): Promise<ChatRig> {
  const world = await openWorld({ estate: ESTATE, runbooks: RUNBOOKS, ...options });
  const tokens = { discord: '', slack: '' };
  for (const platform of ['discord', 'slack'] as const) {
    const made = await world.as('root', { command: 'chat setup', args: { platform } });
    const { file } = made.data as { file: string };
    if (((await stat(file)).mode & 0o777) !== 0o600) throw new Error('others may read the credential');
    tokens[platform] = (await readFile(file, 'utf8')).trim();
  }
  const daemons: Daemon[] = [];
  onTestFinished(() => daemons.forEach((daemon) => daemon.close()));
  const bot = (platform: Platform): Daemon => {
    const daemon = new Daemon({ at: { socket: world.app.socket }, token: tokens[platform] });
    daemons.push(daemon);
    return daemon;
  };
  const say: ChatRig['say'] = async (account, ask, more) => {
    const from = fromOf(account, more);
    const answer = await bot(account.startsWith('U') ? 'slack' : 'discord').relay({ from, ask });
    if (answer.kind !== 'reply') throw new Error(`not a reply: ${JSON.stringify(answer)}`);
    return answer;
  };
  return Object.assign(world, {
    tokens,
    bot,
    say,
    press: ((account, answer, label, said = {}, more = {}) => {
      const button = answer.buttons.find((one) => one.label === label);
      if (button === undefined) throw new Error(`no button ${label}: ${JSON.stringify(answer)}`);
      return say(account, { kind: 'press', id: button.id, ...said }, more);
    }) satisfies ChatRig['press'],
  });
}

export const deploy = (env: string, args: Record<string, string> = {}): ChatAsk => ({
  kind: 'command',
  command: 'deploy',
  args: { project: 'shop', env, ...args },
});

/** Says everything there is to say, as a bot does; answers what it was. */
export async function sayAll(rig: ChatRig, platform: Platform = 'discord'): Promise<ChatPost[]> {
  const bot = rig.bot(platform);
  const said: ChatPost[] = [];
  for (;;) {
    const [post] = await bot.posts(0);
    if (post === undefined) return said;
    said.push(post);
    const at = post.edit ?? { channel: post.channel, message: `m${post.seq}` };
    await bot.posted({ seq: post.seq, outcome: { is: 'sent', at } });
  }
}
