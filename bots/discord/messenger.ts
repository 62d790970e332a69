import { DiscordAPIError, Routes, type REST } from 'discord.js';
import type { ChatMessage } from '../../contracts/chat.ts';
import { GivenUp, type Messenger } from '../link/messenger.ts';
import { payloadOf } from './payload.ts';

/** The bot's own messages, by its token: nothing of them expires. */
export function discordMessenger(rest: Pick<REST, 'post' | 'patch'>): Messenger {
  return {
    async send(post, view) {
      const body = payloadOf(view, post.buttons, post.mention);
      // Within minutes the same nonce is the same message: an answer that was lost makes no second one.
      const sent = await forGood(() =>
        rest.post(Routes.channelMessages(post.channel), bodyOf({ ...body, nonce: `reeve-${post.seq}` })),
      );
      return { channel: post.channel, message: (sent as { id: string }).id };
    },
    async change(at: ChatMessage, view, buttons) {
      const body = payloadOf(view, buttons);
      await forGood(() =>
        rest.patch(Routes.channelMessage(at.channel, at.message), bodyOf({ ...body, attachments: [] })),
      );
    },
  };
}

type Payload = ReturnType<typeof payloadOf> & { nonce?: string; attachments?: [] };

/** The form of the REST API: snake_case, files beside the body. */
function bodyOf({ files, allowedMentions, nonce, attachments, ...rest }: Payload) {
  return {
    body: {
      ...rest,
      allowed_mentions: allowedMentions,
      ...(nonce === undefined ? {} : { nonce, enforce_nonce: true }),
      ...(attachments === undefined || files.length > 0 ? {} : { attachments }),
    },
    files: files.map(({ name, attachment }) => ({ name, data: attachment })),
  };
}

/** Turns what would be refused again, however often it is tried, into GivenUp. */
async function forGood<T>(run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (error) {
    if (error instanceof DiscordAPIError && [400, 403, 404].includes(error.status))
      throw new GivenUp(`Discord: ${error.message.slice(0, 300)} (${error.code})`, error);
    throw error;
  }
}
