import { DiscordAPIError, MessageType, RESTJSONErrorCodes as Code, Routes, type REST } from 'discord.js';
import { z } from 'zod';
import { threadWords, type Said, type Threads } from '../link/threads.ts';
import { applicationOf } from './application.ts';

/** Messages in one answer: what Discord gives at most. */
const AT_ONCE = 100;
/** What a person wrote; others say that a thread began, or that somebody came. */
const WRITTEN: ReadonlySet<number> = new Set([MessageType.Default, MessageType.Reply]);
const MARK = { noted: '📝', not: '🚫' };

const Written = z.object({
  id: z.string(),
  type: z.number(),
  author: z.object({ id: z.string(), bot: z.boolean().default(false) }),
  webhook_id: z.string().optional(),
  content: z.string(),
  edited_timestamp: z.string().nullish(),
  attachments: z.array(z.object({ filename: z.string() })).default([]),
});

/** Threads below the bot's messages; one has the id of its message. `guild`: where they are. */
export function discordThreads(
  rest: Pick<REST, 'get' | 'post' | 'put'>,
  { guild, application }: { guild: string; application: string },
): Threads {
  const asked = async (): Promise<{ id: string; reads: boolean }> => {
    const { id, reads } = await applicationOf(rest);
    return { id: id ?? application, reads };
  };
  let self: string | undefined;
  return {
    async open({ channel, message }, name) {
      try {
        await rest.post(Routes.threads(channel, message), { body: { name } });
      } catch (error) {
        if (error instanceof DiscordAPIError && error.code === Code.ThreadAlreadyCreatedForMessage) return;
        throw error;
      }
      const content = threadWords((await asked()).reads);
      await rest.post(Routes.channelMessages(message), {
        body: { content, allowed_mentions: { parse: [] } },
      });
    },
    async read({ message }, after) {
      const id = (self ??= (await asked()).id);
      const query = new URLSearchParams({ after, limit: String(AT_ONCE) });
      const got = await rest.get(Routes.channelMessages(message), { query }).catch((error: unknown) => {
        // Nobody has opened one, or it was deleted.
        if (error instanceof DiscordAPIError && error.code === Code.UnknownChannel) return [];
        throw error;
      });
      const written = z
        .array(Written)
        .parse(got)
        .filter(({ type }) => WRITTEN.has(type))
        .toReversed();
      const texts = written.map(({ content, attachments }) =>
        [content, ...attachments.map(({ filename }) => `(file: ${filename})`)].join(' ').trim(),
      );
      // Without a text it is a sticker, or Discord keeps it from the bot.
      const reads = !texts.includes('') || (await asked()).reads;
      return written.map((one, n): Said => ({
        id: one.id,
        from: {
          place: guild,
          account: one.author.id,
          bot: one.author.bot || one.webhook_id !== undefined,
          edited: typeof one.edited_timestamp === 'string',
        },
        own: one.author.id === id,
        text: texts[n] === '' && !reads ? undefined : texts[n],
      }));
    },
    async mark({ message: thread }, message, noted) {
      const emoji = encodeURIComponent(noted ? MARK.noted : MARK.not);
      await rest.put(Routes.channelMessageOwnReaction(thread, message, emoji));
    },
  };
}
