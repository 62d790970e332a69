import {
  ChannelType,
  DiscordAPIError,
  MessageType,
  PermissionFlagsBits as P,
  Routes,
  type BaseInteraction,
  type Message,
  type REST,
} from 'discord.js';
import { z } from 'zod';
import type { ChatConversation } from '../../contracts/chat-conversation.ts';
import type { ChatAnswer } from '../../contracts/chat.ts';
import { cut } from '../dispatch/text.ts';
import { applicationOf } from './application.ts';

type Conversation = z.input<typeof ChatConversation>;
type Said = Conversation['messages'][number];

/** Messages in one answer, at most. */
const AT_ONCE = 100;
/** How long Discord may take, ms: whoever asked waits. */
const PATIENCE = 10_000;
const THREADS: ReadonlySet<number> = new Set([
  ChannelType.PublicThread,
  ChannelType.PrivateThread,
  ChannelType.AnnouncementThread,
]);
/** The first message of a thread: it refers to the one that the thread is about. */
const STARTER: number = MessageType.ThreadStarterMessage;
/** What somebody or something said; others say that a thread began, or that somebody came. */
const SAID: ReadonlySet<number> = new Set([
  MessageType.Default,
  MessageType.Reply,
  MessageType.ChatInputCommand,
  MessageType.ContextMenuCommand,
]);

const Embed = z.object({ title: z.string().nullish(), description: z.string().nullish() });
const Written = z.object({
  id: z.string(),
  type: z.number(),
  author: z.object({
    id: z.string(),
    username: z.string().default(''),
    global_name: z.string().nullish(),
    bot: z.boolean().default(false),
  }),
  webhook_id: z.string().optional(),
  content: z.string(),
  timestamp: z.string(),
  edited_timestamp: z.string().nullish(),
  attachments: z.array(z.object({ filename: z.string() })).default([]),
  embeds: z.array(Embed).default([]),
  sticker_items: z.array(z.object({ name: z.string() })).default([]),
});
type Written = z.infer<typeof Written>;
const Listed = z.array(Written.extend({ referenced_message: Written.nullish() }));

/**
 * What was said where an interaction is, as far as the bot may read it: in a thread what is around the chosen message, else
 * what was before it, or what is newest. Nothing of it is kept. Never rejects for what Discord refuses: that is part of the answer.
 */
export async function conversationAt(
  interaction: BaseInteraction,
  { messages: most, within }: Extract<ChatAnswer, { kind: 'read' }>,
): Promise<Conversation> {
  const { channelId, guildId, applicationId, client, appPermissions } = interaction;
  const chosen = interaction.isMessageContextMenuCommand() ? interaction.targetMessage : undefined;
  const place = guildId ?? 'unknown';
  const about: Conversation = {
    thread: false,
    messages: chosen === undefined ? [] : [saidOf(chosen, place)],
    ...(chosen === undefined ? {} : { chosen: chosen.id }),
    ...(chosen === undefined ? {} : { url: linkTo(place, channelId, chosen.id) }),
  };
  if (channelId === null || !appPermissions.has(P.ViewChannel | P.ReadMessageHistory))
    return { ...about, unread: { why: 'access' } };
  const signal = AbortSignal.timeout(PATIENCE);
  const { rest } = client;
  try {
    const { type, parent_id: parent } = z
      .object({ type: z.number(), parent_id: z.string().nullish() })
      .parse(await rest.get(Routes.channel(channelId), { signal }));
    const thread = THREADS.has(type);
    const limit = Math.min(AT_ONCE, most * 2);
    const query = new URLSearchParams({
      limit: String(limit),
      ...(chosen === undefined ? {} : { [thread ? 'around' : 'before']: chosen.id }),
    });
    const got = Listed.parse(await rest.get(Routes.channelMessages(channelId), { query, signal }));
    const { reads } = await applicationOf(rest);
    const read = got
      // The first message of a thread stands elsewhere, and is referred to here.
      .map((one) => (one.type === STARTER ? (one.referenced_message ?? one) : one))
      .filter(({ type: kind, id }) => SAID.has(kind) && id !== chosen?.id)
      .map((one) => written(one, { place, reads, self: applicationId }))
      .filter(({ at }) => thread || at >= (chosen ?? interaction).createdTimestamp - within)
      .toReversed();
    const room = chosen === undefined ? most : most - 1;
    const near = thread && chosen !== undefined ? nearest(read, chosen, room) : read.slice(-room);
    const first =
      thread && ![...near, ...about.messages].some(({ id }) => id === channelId)
        ? await starterOf(rest, { thread: channelId, parent: parent ?? channelId, signal })
        : undefined;
    const kept =
      first === undefined
        ? near
        : [written(first, { place, reads, self: applicationId }), ...near.slice(near.length < room ? 0 : 1)];
    const newest = kept.at(-1);
    const isWithheld = kept.some(({ text }) => text === null);
    return {
      ...about,
      thread,
      messages: [...kept, ...about.messages],
      more: got.length >= limit || near.length < read.length,
      ...(chosen !== undefined || newest === undefined ? {} : { url: linkTo(place, channelId, newest.id) }),
      ...(isWithheld ? { unread: { why: 'intent' } } : {}),
    };
  } catch (error) {
    return { ...about, unread: unreadFor(error) };
  }
}

/**
 * What a thread is about: it has the thread's id, and stands in the channel that the thread hangs in, or of a forum in the
 * thread. Undefined where there is none, or none that the bot may read: the rest of the thread is told all the same.
 */
async function starterOf(
  rest: REST,
  { thread, parent, signal }: { thread: string; parent: string; signal: AbortSignal },
): Promise<Written | undefined> {
  for (const channel of new Set([parent, thread])) {
    const found: unknown = await rest
      .get(Routes.channelMessage(channel, thread), { signal })
      .catch(() => undefined);
    const { data } = Written.safeParse(found);
    if (data !== undefined) return SAID.has(data.type) ? data : undefined;
  }
  return undefined;
}

/** Of a thread, as many as are wanted: three of four before the chosen message, when there are more. */
function nearest(read: Said[], chosen: Message, most: number): Said[] {
  const at = read.filter((one) => one.at <= chosen.createdTimestamp).length;
  const from = Math.min(Math.max(0, at - Math.ceil((most * 3) / 4)), Math.max(0, read.length - most));
  return read.slice(from, from + most);
}

function unreadFor(error: unknown): NonNullable<Conversation['unread']> {
  if (error instanceof DiscordAPIError && (error.status === 403 || error.status === 404))
    return { why: 'access' };
  const word = error instanceof DiscordAPIError ? `${error.status} ${error.message}` : 'no answer in time';
  return { why: 'failed', with: cut(word, 200) };
}

const linkTo = (guild: string, channel: string | null, message: string): string =>
  `https://discord.com/channels/${guild}/${channel ?? ''}/${message}`;

/** A message as the API gives it. Without a text it is a sticker or a card, or Discord keeps it from the bot. */
function written(
  {
    id,
    author,
    webhook_id,
    content,
    timestamp,
    edited_timestamp,
    attachments,
    embeds,
    sticker_items,
  }: Written,
  { place, reads, self }: { place: string; reads: boolean; self: string },
): Said {
  const text = content === '' ? cardText(embeds) : content;
  const bare = text === '' && attachments.length + sticker_items.length === 0;
  return {
    id,
    at: Date.parse(timestamp),
    account: author.id,
    place,
    name: cut(author.global_name ?? author.username, 200),
    bot: author.bot || webhook_id !== undefined,
    edited: typeof edited_timestamp === 'string',
    text: bare && !reads && author.id !== self ? null : text,
    files: filesOf(
      attachments.map(({ filename }) => filename),
      sticker_items.map(({ name }) => name),
    ),
  };
}

/** The message that a person chose: with it comes its text, whatever the bot may read. */
function saidOf(message: Message, place: string): Said {
  const { id, author, content, createdTimestamp, editedTimestamp, attachments, embeds, stickers } = message;
  return {
    id,
    at: createdTimestamp,
    account: author.id,
    place,
    name: cut(author.globalName ?? author.username, 200),
    bot: author.bot || message.webhookId !== null,
    edited: editedTimestamp !== null,
    text: content === '' ? cardText(embeds) : content,
    files: filesOf(
      attachments.map(({ name }) => name),
      stickers.map(({ name }) => name),
    ),
  };
}

/** What a card says: most messages of bots are one. */
const cardText = (embeds: readonly z.infer<typeof Embed>[]): string =>
  embeds
    .flatMap(({ title, description }) => [title ?? '', description ?? ''])
    .filter((text) => text !== '')
    .join('\n');

const filesOf = (attached: string[], stickers: string[]): string[] =>
  [...attached, ...stickers.map((name) => `sticker ${name}`)].slice(0, 20).map((name) => cut(name, 300));
