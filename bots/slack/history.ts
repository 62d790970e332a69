import type { webApi } from '@slack/bolt';
import { z } from 'zod';
import { ChatConversation } from '../../contracts/chat-conversation.ts';
import type { ChatAnswer } from '../../contracts/chat.ts';
import { cut } from '../dispatch/text.ts';
import { describe, neededScope, pauseOf, wordOf } from './failures.ts';
import { readable } from './from.ts';

type Conversation = z.input<typeof ChatConversation>;
type Said = Conversation['messages'][number];
type Wanted = Extract<ChatAnswer, { kind: 'read' }>;

/** Messages in one answer, and answers that are asked for: a thread is read whole to find its newest. */
const AT_ONCE = 200;
const PAGES = 5;
/** Words of Slack's for what the bot may not see (Slack API docs, errors of conversations.history). */
const CLOSED: ReadonlySet<string> = new Set([
  'not_in_channel',
  'channel_not_found',
  'no_permission',
  'access_denied',
  'thread_not_found',
  'message_not_found',
]);
/** What somebody or something said; others say that somebody came, or that a topic is another. */
const SAID: ReadonlySet<string | undefined> = new Set([
  undefined,
  'bot_message',
  'file_share',
  'me_message',
  'thread_broadcast',
]);

const Written = z.object({
  ts: z.string(),
  thread_ts: z.string().optional(),
  subtype: z.string().optional(),
  user: z.string().optional(),
  bot_id: z.string().optional(),
  username: z.string().optional(),
  bot_profile: z.object({ name: z.string().optional() }).optional(),
  /** Of a person from another workspace, in a shared channel. */
  user_team: z.string().optional(),
  team: z.string().optional(),
  text: z.string().default(''),
  edited: z.unknown().optional(),
  attachments: z
    .array(z.object({ fallback: z.string().optional(), text: z.string().optional() }))
    .default([]),
  files: z.array(z.object({ name: z.string().nullish() })).default([]),
});
type Written = z.infer<typeof Written>;

/** Where something is asked; `chosen`: the message it is asked of, as Slack handed it over. */
export interface Spot {
  team: string;
  channel: string;
  now: number;
  chosen?: unknown;
}

/**
 * What was said there, as far as the bot may read it: the thread of the chosen message, else what was before it, or what is
 * newest. Nothing of it is kept. Never rejects for what Slack refuses: that is part of the answer.
 */
export async function conversationAt(
  client: webApi.WebClient,
  spot: Spot,
  wanted: Wanted,
): Promise<Conversation> {
  const { team, channel, now } = spot;
  const chosen = spot.chosen === undefined ? undefined : Written.parse(spot.chosen);
  const root = chosen?.thread_ts;
  const got = await read(client, { channel, root, before: chosen?.ts, now }, wanted);
  const kept =
    chosen === undefined
      ? got.messages.slice(-wanted.messages)
      : withRoot(near(got.messages, chosen, wanted.messages - 1), got.messages, root);
  const all = chosen === undefined ? kept : [...kept, chosen];
  const about = chosen ?? kept.at(-1);
  const [names, url] = await Promise.all([namesOf(client, all), linkTo(client, channel, about?.ts)]);
  return {
    thread: root !== undefined,
    messages: all.map((one) => saidOf(one, team, names)),
    more: got.more || kept.length < got.messages.length,
    ...(chosen === undefined ? {} : { chosen: chosen.ts }),
    ...(url === undefined ? {} : { url }),
    ...(got.unread === undefined ? {} : { unread: got.unread }),
  };
}

/** Oldest first, without the chosen one. */
async function read(
  client: webApi.WebClient,
  at: { channel: string; root: string | undefined; before: string | undefined; now: number },
  { messages: most, within }: Wanted,
): Promise<{ messages: Written[]; more: boolean; unread?: Conversation['unread'] }> {
  const { channel, root, before, now } = at;
  const end = before === undefined ? now / 1000 : Number(before);
  const found: Written[] = [];
  let cursor: string | undefined;
  try {
    for (let page = 0; page < PAGES; page++) {
      const next = cursor === undefined ? {} : { cursor };
      const answer =
        root === undefined
          ? await client.conversations.history({
              channel,
              limit: AT_ONCE,
              oldest: (end - within / 1000).toFixed(6),
              ...(before === undefined ? {} : { latest: before, inclusive: false }),
              ...next,
            })
          : await client.conversations.replies({ channel, ts: root, limit: AT_ONCE, ...next });
      const got = z.array(Written).parse(answer.messages ?? []);
      found.push(...got.filter(({ subtype, ts }) => SAID.has(subtype) && ts !== before));
      cursor = answer.response_metadata?.next_cursor;
      if (cursor === undefined || cursor === '') return { messages: sorted(found), more: false };
      // The newest stand first in a channel, and last in a thread.
      if (root === undefined && found.length >= most) return { messages: sorted(found), more: true };
    }
    return { messages: sorted(found), more: true };
  } catch (error) {
    return { messages: sorted(found), more: false, unread: unreadFor(error) };
  }
}

/** Time stamps of one length: text has their order. */
const sorted = (messages: Written[]): Written[] => messages.toSorted((a, b) => (a.ts < b.ts ? -1 : 1));

/** As many as are wanted: three of four before the chosen message, when there are more. */
function near(messages: Written[], { ts }: Written, most: number): Written[] {
  const at = messages.filter((one) => one.ts < ts).length;
  const from = Math.min(Math.max(0, at - Math.ceil((most * 3) / 4)), Math.max(0, messages.length - most));
  return messages.slice(from, from + most);
}

/** With what the thread is about in place of the oldest, where that is not among them. */
function withRoot(kept: Written[], all: readonly Written[], root: string | undefined): Written[] {
  const first = root === undefined ? undefined : all.find(({ ts }) => ts === root);
  return first === undefined || kept.includes(first) ? kept : [first, ...kept.slice(1)];
}

function unreadFor(error: unknown): NonNullable<Conversation['unread']> {
  const word = wordOf(error);
  if (word === 'missing_scope')
    return { why: 'scope', scope: cut(neededScope(error) ?? 'channels:history', 200) };
  if (word !== undefined && CLOSED.has(word)) return { why: 'access' };
  if (pauseOf(error) !== undefined || word === 'ratelimited') return { why: 'limit' };
  return { why: 'failed', with: cut(word ?? describe(error), 200) };
}

/** What people are called, by account; those that Slack does not tell are not there. */
async function namesOf(
  client: webApi.WebClient,
  messages: readonly Written[],
): Promise<ReadonlyMap<string, string>> {
  const users = new Set(messages.flatMap(({ user, bot_id }) => (bot_id === undefined ? (user ?? []) : [])));
  const names = new Map<string, string>();
  await Promise.all(
    [...users].map(async (user) => {
      const answer = await client.users.info({ user }).catch(() => undefined);
      const { profile, real_name, name } = answer?.user ?? {};
      const shown = [profile?.display_name, profile?.real_name, real_name, name].find(
        (one) => one !== undefined && one !== '',
      );
      if (shown !== undefined) names.set(user, shown);
    }),
  );
  return names;
}

async function linkTo(
  client: webApi.WebClient,
  channel: string,
  ts: string | undefined,
): Promise<string | undefined> {
  if (ts === undefined) return undefined;
  const answer = await client.chat.getPermalink({ channel, message_ts: ts }).catch(() => undefined);
  return ChatConversation.shape.url.safeParse(answer?.permalink).data;
}

function saidOf(written: Written, home: string, names: ReadonlyMap<string, string>): Said {
  const { ts, user, bot_id, username, bot_profile, user_team, team, text, edited, attachments, files } =
    written;
  const card = attachments.flatMap(({ text: own, fallback }) => own ?? fallback ?? []).join('\n');
  const account = user ?? bot_id ?? 'unknown';
  return {
    id: ts,
    at: Math.round(Number(ts) * 1000),
    account,
    place: user_team ?? team ?? home,
    name: cut(names.get(account) ?? username ?? bot_profile?.name ?? '', 200),
    bot: bot_id !== undefined || user === undefined,
    edited: edited !== undefined,
    text: cut(readable(text === '' ? card : text), 40_000),
    files: files.slice(0, 20).map(({ name }) => cut(name ?? 'unnamed', 300)),
  };
}
