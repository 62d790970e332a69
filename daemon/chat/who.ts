import type { z } from 'zod';
import type { ChatFrom, Platform } from '../../contracts/chat.ts';
import { fail } from '../../contracts/errors.ts';
import type { ChatSpec } from '../../contracts/estate/chat.ts';
import type { Caller } from '../ports/door.ts';

type From = z.output<typeof ChatFrom>;

/** Finds the person of a platform account. Throws PERSON_UNKNOWN. */
export type Identify = (account: { kind: Platform; id: string }) => string;

/**
 * Who is asking. Everything is compared by id. Throws CHAT_NOT_CONFIGURED, CHAT_BOT_ACCOUNT, CHAT_EDITED, CHAT_DIRECT,
 * CHAT_PLACE, PERSON_UNKNOWN.
 */
export function callerOf(chat: ChatSpec, platform: Platform, from: From, identify: Identify): Caller {
  const { place, application } = homeOf(chat, platform);
  if (from.bot) throw fail('CHAT_BOT_ACCOUNT');
  if (from.edited) throw fail('CHAT_EDITED');
  if (from.place === null) throw fail('CHAT_DIRECT');
  if (from.place !== place)
    throw fail('CHAT_PLACE', { what: platform === 'discord' ? 'server' : 'workspace' });
  if (from.application !== application) throw fail('CHAT_PLACE', { what: 'app' });
  const id = platform === 'slack' ? `${place}/${from.account}` : from.account;
  return {
    person: identify({ kind: platform, id }),
    via: platform,
    account: id,
    interactive: true,
    interaction: interactionOf(platform, from),
  };
}

export const interactionOf = (platform: Platform, from: Pick<From, 'interaction'>): string =>
  `${platform}/${from.interaction}`;

/** The place and the app whose commands are heard. Throws CHAT_NOT_CONFIGURED. */
export function homeOf(chat: ChatSpec, platform: Platform): { place: string; application: string } {
  if (platform === 'discord' && chat.discord !== undefined)
    return { place: chat.discord.guild, application: chat.discord.application };
  if (platform === 'slack' && chat.slack !== undefined)
    return { place: chat.slack.team, application: chat.slack.app };
  throw fail('CHAT_NOT_CONFIGURED', { platform });
}
