import type { SlackSpec } from '../../contracts/estate/chat.ts';
import { unknown, type Finding } from './check.ts';
import { darkOf } from './discord.ts';
import type { Look } from './look.ts';
import { once, without, type Got } from './token.ts';

/** Slack as its app sees it. Each question is asked once. */
export interface Slack {
  spec: SlackSpec;
  call(method: string, args?: Record<string, string>, token?: 'bot' | 'app'): Promise<Got>;
  away(why: string): Finding;
  dark(got: Got): Finding;
}

/** Undefined: reeve.yaml names no Slack. */
export async function slackOf(look: Look): Promise<Slack | undefined> {
  const spec = (await look.estate()).config.chat.slack;
  if (spec === undefined) return undefined;
  const away = (why: string): Finding =>
    unknown(`Slack does not answer (${why})`, 'slack-status.com; then reeve doctor again');
  return {
    spec,
    call: (method, args = {}, token = 'bot') =>
      once(look, `slack ${method} ${token} ${JSON.stringify(args)}`, () =>
        without(() => look.slack(method, args, token)),
      ),
    away,
    dark: (got) => darkOf(got, 'slack-token', away),
  };
}
