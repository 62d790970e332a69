import { z } from 'zod';

/** A message as a bot read it. */
export const ChatSaid = z.strictObject({
  /** Of the message. */
  id: z.string().min(1).max(64),
  /** ms. */
  at: z.int().min(0),
  account: z.string().min(1).max(64),
  /** Guild or team that the account is of. */
  place: z.string().min(1).max(32),
  /** What its readers see; anybody may call themselves anything. Empty: not known. */
  name: z.string().max(200).default(''),
  bot: z.boolean().default(false),
  edited: z.boolean().default(false),
  /** Whole; no platform lets anybody write more. null: the platform keeps it from the bot. */
  text: z.string().max(40_000).nullable(),
  /** Names of what is attached. */
  files: z.array(z.string().max(300)).max(20).default([]),
});
export type ChatSaid = z.output<typeof ChatSaid>;

/** What of a conversation could not be read, and why. */
export const ChatUnread = z.discriminatedUnion('why', [
  /** Discord gives texts of others to applications with the Message Content Intent alone. */
  z.strictObject({ why: z.literal('intent') }),
  /** The bot is not in this channel, or may not see it or its history. */
  z.strictObject({ why: z.literal('access') }),
  /** Slack's token lacks this scope. */
  z.strictObject({ why: z.literal('scope'), scope: z.string().max(200) }),
  /** The platform lets the bot read no more just now. */
  z.strictObject({ why: z.literal('limit') }),
  /** The platform did not answer, or in words that nobody knows. */
  z.strictObject({ why: z.literal('failed'), with: z.string().max(200) }),
]);
export type ChatUnread = z.infer<typeof ChatUnread>;

/** Most messages of one conversation. */
export const MAX_SAID = 50;

/** What was said where a command was asked, as far as the bot may read it. */
export const ChatConversation = z.strictObject({
  /** It is a thread: then it is all there is of it, however old. */
  thread: z.boolean(),
  /** The message that somebody chose, one of `messages`; absent: nobody chose one. */
  chosen: z.string().min(1).max(64).optional(),
  /** Where people see the chosen message, or else the newest. */
  url: z
    .string()
    .max(500)
    .regex(/^https:\/\/(?:discord\.com|(?:[a-z0-9-]+\.){1,2}slack\.com)\/[\w./?=&-]+$/, 'a link to a message')
    .optional(),
  /** Oldest first. */
  messages: z.array(ChatSaid).max(MAX_SAID),
  /** There are earlier ones. */
  more: z.boolean().default(false),
  unread: ChatUnread.optional(),
});
export type ChatConversation = z.output<typeof ChatConversation>;
