import { z } from 'zod';
import { unescape } from './from.ts';
import { wordOf } from './failures.ts';
import { threadWords, type Said, type Threads } from '../link/threads.ts';
import type { Wires } from './respond.ts';

const AT_ONCE = 200;
const MARK = { noted: 'memo', not: 'no_entry_sign' };

const Written = z.object({
  ts: z.string(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  /** Of a person from another workspace, in a shared channel. */
  user_team: z.string().optional(),
  team: z.string().optional(),
  text: z.string().default(''),
  edited: z.unknown().optional(),
  files: z.array(z.object({ name: z.string().nullish() })).default([]),
});

/** Threads below the bot's messages: a thread has the time stamp of its message. */
export function slackThreads(
  { client, lanes }: Pick<Wires, 'client' | 'lanes'>,
  { team, self }: { team: string; self: string },
): Threads {
  const replies = async (channel: string, ts: string, oldest: string): Promise<z.infer<typeof Written>[]> => {
    const { messages = [] } = await lanes.run(channel, () =>
      client.conversations.replies({ channel, ts, oldest, limit: AT_ONCE }),
    );
    // The message itself is always among them.
    return z
      .array(Written)
      .parse(messages)
      .filter((one) => one.ts !== ts && one.ts > oldest);
  };
  return {
    async open({ channel, message }) {
      const there = await replies(channel, message, message);
      if (there.some(({ user }) => user === self)) return;
      await lanes.run(channel, () =>
        client.chat.postMessage({
          channel,
          thread_ts: message,
          text: threadWords(true),
          parse: 'none',
          link_names: false,
        }),
      );
    },
    async read({ channel, message }, after) {
      return (await replies(channel, message, after)).map((one): Said => ({
        id: one.ts,
        from: {
          place: one.user_team ?? one.team ?? team,
          account: one.user ?? one.bot_id ?? 'unknown',
          bot: one.bot_id !== undefined || one.user === undefined,
          edited: one.edited !== undefined,
        },
        own: one.user === self,
        text: [unescape(one.text), ...one.files.map(({ name }) => `(file: ${name ?? 'unnamed'})`)]
          .join(' ')
          .trim(),
      }));
    },
    async mark({ channel }, timestamp, noted) {
      const name = noted ? MARK.noted : MARK.not;
      await lanes
        .run(channel, () => client.reactions.add({ channel, timestamp, name }))
        .catch((error: unknown) => {
          if (wordOf(error) !== 'already_reacted') throw error;
        });
    },
  };
}
