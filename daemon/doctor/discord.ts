import type { ChatTopic, DiscordSpec } from '../../contracts/estate/chat.ts';
import type { Asked } from './ask.ts';
import { unknown, type Finding } from './check.ts';
import type { Look } from './look.ts';
import { once, without, type Got } from './token.ts';

/** Discord as its bot sees it. Each address is asked once. */
export interface Discord {
  spec: DiscordSpec;
  get(path: string): Promise<Got>;
  /** The bot in the server of reeve.yaml. */
  member(): Promise<Got>;
  /** Discord itself did not answer. */
  away(why: string): Finding;
  /** What this rests on is away, or is shown to be wrong by another check. */
  dark(got: Got): Finding;
}

/** Undefined: reeve.yaml names no Discord. */
export async function discordOf(look: Look): Promise<Discord | undefined> {
  const spec = (await look.estate()).config.chat.discord;
  if (spec === undefined) return undefined;
  const away = (why: string): Finding =>
    unknown(`Discord does not answer (${why})`, 'discordstatus.com; then reeve doctor again');
  const get = (path: string): Promise<Got> =>
    once(look, `discord ${path}`, () => without(() => look.discord(path)));
  return {
    spec,
    get,
    async member() {
      const me = await get('/users/@me');
      return me.is === 'answer' ? get(`/guilds/${spec.guild}/members/${String(me.body['id'])}`) : me;
    },
    away,
    dark: (got) => darkOf(got, 'discord-token', away),
  };
}

/** Why nothing can be said: the token, the platform, or a refusal that was not expected. */
export function darkOf(got: Got, tokenCheck: string, away: (why: string) => Finding): Finding {
  if (got.is === 'away') return away(got.why);
  if (got.is === 'missing' || isUnauthorised(got))
    return unknown('the token is not accepted', `First what ${tokenCheck} says.`);
  if (got.is === 'refused' && got.code === 'missing_scope')
    return unknown('a scope is missing', 'First what slack-scopes says.');
  const code = got.is === 'refused' ? `${got.status} ${got.code}` : 'an unexpected answer';
  return unknown(`refused with ${code}`, 'First what the lines above say; then reeve doctor again.');
}

const isUnauthorised = (got: Asked): boolean =>
  got.is === 'refused' &&
  (got.status === 401 ||
    ['invalid_auth', 'not_authed', 'token_revoked', 'account_inactive'].includes(got.code));

/** Channel id → what is told there. */
export function topicsOf(channels: Partial<Record<ChatTopic, string | undefined>>): Map<string, string[]> {
  const all = new Map<string, string[]>();
  for (const [topic, id] of Object.entries(channels))
    if (id !== undefined) all.set(id, [...(all.get(id) ?? []), topic]);
  return all;
}
