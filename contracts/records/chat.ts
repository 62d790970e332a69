import { z } from 'zod';
import { ChatMessage, Platform } from '../chat.ts';
import { ChatTopic } from '../estate/chat.ts';
import { Digest, JobId, PersonId, PressId, RequestId } from '../ids.ts';
import { JsonObject } from '../json.ts';
import { Tone } from '../reply.ts';

/** `<platform>/<id of the interaction>`: the anchor of its job. */
const Interaction = z.string().min(3).max(140);

export const chatRecords = {
  /** A bot may relay from now on; an earlier credential of the platform is void. Only the digest is kept. */
  'chat.bot_enrolled': z.strictObject({ platform: Platform, credential: Digest, by: PersonId }),
  'chat.bot_removed': z.strictObject({ platform: Platform, by: PersonId }),
  /** Durable before what was asked is tried: the same interaction never does anything twice. Looking leaves none. */
  'chat.relayed': z.strictObject({
    interaction: Interaction,
    person: PersonId,
    account: z.string().max(64),
    channel: z.string().max(64),
    command: z.string().max(200),
  }),
  /** What came of it, where it started or asked for something. */
  'chat.answered': z.strictObject({
    interaction: Interaction,
    ok: z.boolean(),
    title: z.string().max(300),
    job: JobId.optional(),
    request: RequestId.optional(),
  }),
  /** A button: what pressing it asks, for whom and until when. */
  'chat.offered': z.strictObject({
    id: PressId,
    for: z.array(PersonId).min(1).max(100),
    /** Counts once; otherwise it only opens something to look at. */
    once: z.boolean(),
    command: z.string().max(200),
    args: JsonObject,
    reason: z.string().max(2000).optional(),
    grant: z.string().max(64).optional(),
    /** Digest of the plan that was shown with it. */
    confirm: z.string().max(80).optional(),
    /** What must be typed or said. */
    form: z.enum(['typed', 'reason']).optional(),
    typed: z.string().max(64).optional(),
    /** The interaction that it goes on with: the anchor of the job. */
    interaction: Interaction.optional(),
    /** The post it stands under. */
    post: z.int().min(0).optional(),
    label: z.string().max(75),
    expires: z.int().min(0),
  }),
  'chat.pressed': z.strictObject({ id: PressId, by: PersonId, interaction: Interaction }),
  /** A post was sent as this message, or never will be. */
  'chat.posted': z.strictObject({
    platform: Platform,
    seq: z.int().min(0),
    at: ChatMessage.optional(),
    /** The channel of reeve.yaml in which a new message never will stand. */
    channel: z.string().min(1).max(64).optional(),
    job: JobId.optional(),
    why: z.string().max(500).optional(),
  }),
  /** The end of the job stands in its message. */
  'chat.closed': z.strictObject({ platform: Platform, job: JobId, why: z.string().max(500).optional() }),
  /** A message of an alert channel of kind `chat`, durable before a bot is asked to say it. */
  'chat.said': z.strictObject({
    message: z.string().min(1).max(64),
    topic: ChatTopic,
    tone: Tone,
    title: z.string().max(300),
    text: z.string().max(16_000),
    /** An SVG, shown as a picture. */
    picture: Digest.optional(),
  }),
  /** The head of the ledger, to be posted where this machine cannot change it. */
  'chat.head': z.strictObject({
    size: z.int().min(0),
    root: z.string().length(64),
    /** The signed note of it (c2sp.org/tlog-checkpoint). */
    note: z.string().max(2000).optional(),
  }),
} as const;
