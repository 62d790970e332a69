import { z } from 'zod';
import { JobDetail } from './api.ts';
import { ArgType, Catalogue } from './catalogue.ts';
import { ChatConversation, MAX_SAID } from './chat-conversation.ts';
import { ChatTopic } from './estate/chat.ts';
import { JobId, PressId } from './ids.ts';
import { Json, JsonObject } from './json.ts';
import { Block, Reply, Tone } from './reply.ts';

/*
 * What the daemon and a bot say to each other, on /v1/chat. A bot proves itself with its own credential
 * (`Authorization: Bearer reevebot1.…`) and names the platform account that asked; which person that is, and what that
 * person may do, only the daemon knows.
 */

export const Platform = z.enum(['discord', 'slack']);
export type Platform = z.infer<typeof Platform>;

/** Who asked, where, and in which interaction: ids as the platform itself delivered them, never names. */
export const ChatFrom = z.strictObject({
  /** Guild or team; null: a direct message. */
  place: z.string().min(1).max(32).nullable(),
  /** The application or app the platform sent it to. */
  application: z.string().min(1).max(32),
  account: z.string().min(1).max(64),
  channel: z.string().min(1).max(64),
  /** The same in every delivery of one interaction, and never used for another: the anchor of the job that comes of it. */
  interaction: z.string().min(1).max(128),
  /** The account is a bot or a webhook. */
  bot: z.boolean().default(false),
  /** It comes from a message that was changed after it had been sent. */
  edited: z.boolean().default(false),
});
export type ChatFrom = z.input<typeof ChatFrom>;

/** Discord's options and fields hold 6,000 characters at most, a line of Slack's not much more. */
const MAX_WRITTEN = 10_000;

export const ChatAsk = z.discriminatedUnion('kind', [
  /** Run a command of the catalogue. What needs a confirmation comes back with buttons. */
  z.strictObject({
    kind: z.literal('command'),
    command: z.string().min(1).max(200),
    args: JsonObject.default({}),
    /** More than a platform lets anybody write; how long it may be, the door says. */
    reason: z.string().max(MAX_WRITTEN).optional(),
    /** Id of a grant made ahead. */
    grant: z.string().max(64).optional(),
    /** What was said there: the answer to `read`. */
    conversation: ChatConversation.optional(),
  }),
  /** A button was pressed, or its form sent. */
  z.strictObject({
    kind: z.literal('press'),
    id: z.string().max(100),
    typed: z.string().max(200).optional(),
    reason: z.string().max(MAX_WRITTEN).optional(),
  }),
  /** What may stand in an argument. Leaves no record. */
  z.strictObject({
    kind: z.literal('suggest'),
    type: ArgType,
    text: z.string().max(200).default(''),
    /** Arguments already given: a project narrows its environments. */
    given: JsonObject.default({}),
  }),
  /** The commands this person may use. Leaves no record. `typing`: looked up for somebody who is still filling something in. */
  z.strictObject({ kind: z.literal('catalogue'), typing: z.boolean().default(false) }),
]);
export type ChatAsk = z.input<typeof ChatAsk>;

/** POST /v1/chat/relay. */
export const ChatRelay = z.strictObject({ from: ChatFrom, ask: ChatAsk });
export type ChatRelay = z.input<typeof ChatRelay>;

/** A button. Its id means something to the daemon only, for a while, for the people it was made for. */
export const ChatButton = z.object({
  id: PressId,
  label: z.string().max(75),
  tone: Tone,
  /** What the person is asked before it counts: show a form with this one field, then send the press with what was typed. */
  form: z
    .object({
      field: z.enum(['typed', 'reason']),
      title: z.string().max(24),
      label: z.string().max(45),
      hint: z.string().max(100),
      max: z.int().min(1).max(4000),
    })
    .optional(),
});
export type ChatButton = z.infer<typeof ChatButton>;

export const Suggestion = z.object({ value: z.string().max(100), label: z.string().max(100) });
export type Suggestion = z.infer<typeof Suggestion>;

/** Most suggestions in one answer: what both platforms show. */
export const MAX_SUGGESTIONS = 25;

export const ChatAnswer = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('reply'),
    reply: Reply,
    buttons: z.array(ChatButton).max(5),
    /** `channel`: it changed something, so everybody there may see it. `asker`: plans, answers, refusals. */
    audience: z.enum(['asker', 'channel']),
    /** This interaction was answered before; nothing was done again. */
    repeated: z.boolean(),
    /** What the chosen message is to be marked with, so that others see what became of it. */
    mark: z.literal('📌').optional(),
  }),
  z.object({ kind: z.literal('suggestions'), suggestions: z.array(Suggestion).max(MAX_SUGGESTIONS) }),
  z.object({ kind: z.literal('catalogue'), catalogue: Catalogue }),
  /**
   * The command is about what was said there, and this person may use it: read so much of it, up to the chosen message or the
   * newest, and ask the same again with it. `within`: how old the oldest may be, ms; in a thread any may.
   */
  z.object({
    kind: z.literal('read'),
    messages: z.int().min(1).max(MAX_SAID),
    within: z.int().min(0),
  }),
]);
export type ChatAnswer = z.infer<typeof ChatAnswer>;

/** A message of the bot on its platform. `thread`: where its discussion goes. */
export const ChatMessage = z.strictObject({
  channel: z.string().min(1).max(64),
  message: z.string().min(1).max(64),
});
export type ChatMessage = z.infer<typeof ChatMessage>;

/** GET /v1/chat/session: what a bot needs to begin. */
export const ChatSession = z.object({
  platform: Platform,
  /** Guild or team. */
  place: z.string(),
  application: z.string(),
  /** Where its platform delivers: to a connection of the bot, or signed to the daemon, which hands it on (ChatDelivery). */
  transport: z.enum(['connection', 'http']),
  /** The address that the platform calls under `http`. */
  endpoint: z.string().optional(),
  /** Everything that can be asked in chat by anyone: what commands are registered from. */
  catalogue: Catalogue,
  /** Live messages whose job's end has not been shown yet. */
  live: z.array(z.object({ job: JobId, at: ChatMessage })),
});
export type ChatSession = z.infer<typeof ChatSession>;

/** A picture of a post, for the bot to draw: the platforms show no SVG. */
export const ChatPicture = z.object({
  /** Its file, without an ending. */
  name: z.string().regex(/^[a-z0-9][a-z0-9_-]{0,80}$/),
  /** What it shows, for those who do not see it. */
  alt: z.string().max(1000),
  svg: z.string().max(200_000),
});
export type ChatPicture = z.infer<typeof ChatPicture>;

/**
 * Something to be said. `seq` is its identity, and grows: the same in every try, so that a platform can drop doubles.
 * It is no ledger seq.
 */
export const ChatPost = z.object({
  seq: z.int().min(0),
  topic: ChatTopic,
  channel: z.string().max(64),
  /** The message to change instead of sending a new one. */
  edit: ChatMessage.optional(),
  /** Accounts to call. */
  mention: z.array(z.string().max(64)).max(20),
  tone: Tone,
  title: z.string().max(300),
  blocks: z.array(Block),
  buttons: z.array(ChatButton).max(5),
  picture: ChatPicture.optional(),
  /** It opens a thread of this name, whose messages become notes (ChatThreads). */
  thread: z.string().min(1).max(100).optional(),
  /** The message of a job: once sent, it is kept up to date until the job has ended (GET /v1/chat/jobs/:id). */
  job: JobId.optional(),
});
export type ChatPost = z.infer<typeof ChatPost>;

/** GET /v1/chat/posts: answers as soon as there is something to say, at the latest after `wait` ms. Oldest first. */
export const ChatPostsQuery = z.strictObject({ wait: z.coerce.number().int().min(0).max(25_000).default(0) });
export const ChatPosts = z.object({ posts: z.array(ChatPost) });

/** POST /v1/chat/posted: durable when answered; the post is then never handed out again. */
export const ChatPosted = z.strictObject({
  seq: z.int().min(0),
  outcome: z.discriminatedUnion('is', [
    z.strictObject({ is: z.literal('sent'), at: ChatMessage }),
    /** It can never be sent: no such channel, no permission. */
    z.strictObject({ is: z.literal('given_up'), why: z.string().max(500) }),
  ]),
});
export type ChatPosted = z.input<typeof ChatPosted>;

/**
 * GET /v1/chat/threads: the messages of this bot below which people write notes, each with the newest one that was noted. A
 * bot reads what was written since, and these threads alone: nothing else that people write reaches Reeve.
 */
export const ChatThreads = z.object({
  threads: z.array(z.object({ at: ChatMessage, after: z.string().max(64) })).max(50),
});
export type ChatThread = z.infer<typeof ChatThreads>['threads'][number];

/** POST /v1/chat/heard: what somebody wrote in such a thread. The same message is noted once, however often it is sent. */
export const ChatHeard = z.strictObject({
  /** `interaction`: the id of the message. */
  from: ChatFrom,
  /** The message that the thread is below. */
  thread: z.string().min(1).max(64),
  text: z.string().min(1).max(3000),
});
export type ChatHeard = z.input<typeof ChatHeard>;

/** Durable when answered. `why`: what keeps it from being a note. */
export const ChatNoted = z.object({ noted: z.boolean(), why: z.string().max(300).optional() });
export type ChatNoted = z.infer<typeof ChatNoted>;

/** GET /v1/chat/jobs/:id: answers when the job differs from `version`, at the latest after `wait` ms. */
export const ChatJobQuery = z.strictObject({
  version: z.string().max(64).default(''),
  wait: z.coerce.number().int().min(0).max(25_000).default(0),
});
export const ChatJob = z.object({
  /** Changes whenever anything that is shown does. */
  version: z.string(),
  job: JobDetail,
  /** Its last lines, redacted; empty for a job whose requester may not read there. */
  tail: z.array(z.object({ step: z.string(), line: z.string() })).max(20),
  /** It has ended for good. */
  over: z.boolean(),
  /** Where the job stands on the daemon's page, when the estate says how people reach it. */
  page: z.url().max(300).nullable().default(null),
});
export type ChatJob = z.infer<typeof ChatJob>;

/**
 * GET /v1/chat/jobs/:id/log: what the newest attempt of a job printed, redacted, a line `step | text` each. Only for a job
 * whose live message this bot keeps.
 */
export const ChatLog = z.object({
  /** Empty where there is none, while the job goes on, and where its requester may not read. */
  text: z.string(),
  lines: z.int().min(0),
  /** Lines in the middle that had no room; where they are missing the text says so, and how to get them. */
  left_out: z.int().min(0),
});
export type ChatLog = z.infer<typeof ChatLog>;

/** POST /v1/chat/closed: the end of the job stands in its message. */
export const ChatClosed = z.strictObject({
  job: JobId,
  /** The message meant: the job may have got another one meanwhile, which goes on. */
  at: ChatMessage.optional(),
  why: z.string().max(500).optional(),
});
export type ChatClosed = z.input<typeof ChatClosed>;

/** What the platform sent, signed: checked, and as it came. */
export const ChatDelivery = z.object({ id: z.string().min(1).max(64), payload: JsonObject });
export type ChatDelivery = z.infer<typeof ChatDelivery>;

/**
 * GET /v1/chat/deliveries: answers as soon as there is one, at the latest after `wait` ms. `process` is one start of a bot.
 * Each is handed out once; what an earlier process had and did not answer, once more, while the platform still waits.
 */
export const ChatDeliveriesQuery = ChatPostsQuery.extend({ process: z.string().max(64).default('') });
export const ChatDeliveries = z.object({ deliveries: z.array(ChatDelivery) });

/** POST /v1/chat/delivered: what the platform is answered with, at once; null: nothing but that it was taken. */
export const ChatDelivered = z.strictObject({ id: z.string().min(1).max(64), answer: Json });
export type ChatDelivered = z.infer<typeof ChatDelivered>;
