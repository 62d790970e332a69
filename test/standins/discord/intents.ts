import { GatewayIntentBits as Intent } from 'discord-api-types/v10';
import type { Session } from './gateway.ts';

/** Intents of which one is needed for an event; 0 for those that always come (interactions, READY). */
export function intentFor(event: string, inGuild: boolean): number {
  if (event.startsWith('MESSAGE_REACTION'))
    return inGuild ? Intent.GuildMessageReactions : Intent.DirectMessageReactions;
  if (event.startsWith('MESSAGE')) return inGuild ? Intent.GuildMessages : Intent.DirectMessages;
  if (event.startsWith('GUILD_MEMBER')) return Intent.GuildMembers;
  if (/^(GUILD|CHANNEL|THREAD)/u.test(event)) return Intent.Guilds;
  return 0;
}

/**
 * Without MESSAGE_CONTENT a bot gets others' messages without their text, but for those that mention it, its own, and direct ones.
 */
export function withoutContent(session: Session, event: string, data: object): object {
  if (event !== 'MESSAGE_CREATE' && event !== 'MESSAGE_UPDATE') return data;
  const message = data as { author: { id: string }; mentions: { id: string }[]; guild_id?: string };
  const mine =
    message.author.id === session.app.id || message.mentions.some(({ id }) => id === session.app.id);
  if ((session.intents & Intent.MessageContent) !== 0 || mine || message.guild_id === undefined) return data;
  return { ...message, content: '', embeds: [], attachments: [], components: [] };
}
