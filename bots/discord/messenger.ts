import { DiscordAPIError, RESTJSONErrorCodes as Code, Routes, type REST } from 'discord.js';
import type { ChatMessage } from '../../contracts/chat.ts';
import type { View } from '../dispatch/view.ts';
import { GivenUp, filesMissing, type Messenger } from '../link/messenger.ts';
import { payloadOf } from './payload.ts';

/** The bot's own messages, by its token: nothing of them expires. */
export function discordMessenger(rest: Pick<REST, 'post' | 'patch'>): Messenger {
  return {
    async send(post, view) {
      // Within minutes the same nonce is the same message: an answer that was lost makes no second one.
      const more = { nonce: `reeve-${post.seq}`, enforce_nonce: true };
      const sent = await whole(view, (shown) =>
        rest.post(
          Routes.channelMessages(post.channel),
          bodyOf(payloadOf(shown, post.buttons, post.mention), more),
        ),
      );
      return { channel: post.channel, message: (sent as { id: string }).id };
    },
    async change(at: ChatMessage, view, buttons) {
      await whole(view, (shown) =>
        rest.patch(Routes.channelMessage(at.channel, at.message), bodyOf(payloadOf(shown, buttons))),
      );
    },
  };
}

/**
 * The form of the REST API: snake_case, files beside the body. Which attachments there are is always said, so that an edit
 * that is tried twice leaves each file there once.
 */
function bodyOf({ files, allowedMentions, ...rest }: ReturnType<typeof payloadOf>, more: object = {}) {
  return {
    body: {
      ...rest,
      ...more,
      allowed_mentions: allowedMentions,
      attachments: files.map(({ name, description }, id) => ({
        id,
        filename: name,
        ...(description === undefined ? {} : { description }),
      })),
    },
    files: files.map(({ name, attachment }) => ({ name, data: attachment })),
  };
}

/** What is wrong with files, of all that may be wrong with a message. */
const FILES: ReadonlySet<unknown> = new Set([Code.MissingPermissions, Code.RequestEntityTooLarge]);

/** A message is worth something without its files: it then says what is missing. */
async function whole<T>(view: View, send: (view: View) => Promise<T>): Promise<T> {
  try {
    return await send(view);
  } catch (error) {
    const about = error instanceof DiscordAPIError && (FILES.has(error.code) || error.status === 413);
    if (view.files.length === 0 || !about) throw asGivenUp(error);
    const less = filesMissing(view, `Discord: ${error.message.slice(0, 100)}`);
    return send(less).catch((again: unknown) => {
      throw asGivenUp(again);
    });
  }
}

/** What would be refused again, however often it is tried, as GivenUp. */
function asGivenUp(error: unknown): unknown {
  return error instanceof DiscordAPIError && [400, 403, 404, 413].includes(error.status)
    ? new GivenUp(`Discord: ${error.message.slice(0, 300)} (${error.code})`, error)
    : error;
}
