import { z } from 'zod';
import { Slug } from '../ids.ts';

/** What a message is about: which channel it goes to. */
export const ChatTopic = z.enum([
  'default',
  'approvals',
  'alerts',
  'incidents',
  'drills',
  'reports',
  'heads',
]);
export type ChatTopic = z.infer<typeof ChatTopic>;

const Snowflake = z.string().regex(/^\d{15,22}$/, 'a Discord id: 15 to 22 digits');
const SlackChannel = z.string().regex(/^[CG][A-Z0-9]{7,20}$/, 'the id of a Slack channel, such as C024BE91L');

/** Channel ids by topic. A topic without a channel of its own is told in `default`; `heads` and `reports` only where they are named. */
const channels = <T extends z.ZodType<string>>(id: T) =>
  z.strictObject({
    default: id,
    approvals: id.optional(),
    alerts: id.optional(),
    incidents: id.optional(),
    drills: id.optional(),
    reports: id.optional(),
    heads: id.optional(),
  });

export const DiscordSpec = z.strictObject({
  /** The one guild whose commands are heard. */
  guild: Snowflake,
  /** The application that is the bot. */
  application: Snowflake,
  /** Name of the stored secret with the bot's token. */
  token: Slug.default('discord_token'),
  /** `http`: Discord calls `<chat.url>/v1/interactions/discord`, signed, and the bot keeps no connection. */
  transport: z.enum(['gateway', 'http']).default('gateway'),
  /** The application's public key, which stands on its page; `transport: http` needs it. */
  public_key: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'the public key of the application: 64 digits 0-9a-f')
    .optional(),
  channels: channels(Snowflake),
});
export type DiscordSpec = z.infer<typeof DiscordSpec>;

export const SlackSpec = z.strictObject({
  /** The one team whose commands are heard. */
  team: z.string().regex(/^T[A-Z0-9]{5,20}$/, 'the id of a Slack team, such as T024BE7LD'),
  /** The app that is the bot. */
  app: z.string().regex(/^A[A-Z0-9]{5,20}$/, 'the id of a Slack app, such as A024BE7LD'),
  /** Names of the stored secrets: the bot token (xoxb-…) and the app-level token of Socket Mode (xapp-…). */
  bot_token: Slug.default('slack_bot_token'),
  app_token: Slug.default('slack_app_token'),
  /** `http`: Slack calls `<chat.url>/v1/interactions/slack`, signed, and needs no app-level token. */
  transport: z.enum(['socket', 'http']).default('socket'),
  /** Names of the stored secrets with which Slack signs under `http`: the one in force, and the one before it while it is replaced. */
  signing_secret: Slug.default('slack_signing_secret'),
  previous_signing_secret: Slug.optional(),
  channels: channels(SlackChannel),
});
export type SlackSpec = z.infer<typeof SlackSpec>;

/** The chat platforms whose bots relay to this daemon. */
export const ChatSpec = z.strictObject({
  discord: DiscordSpec.optional(),
  slack: SlackSpec.optional(),
  /** Where platforms reach this daemon under `transport: http`: a tunnel or proxy in front of its TCP port. No path. */
  url: z
    .string()
    .regex(
      /^https:\/\/[a-z0-9.-]+(:\d{1,5})?$/,
      'an address such as https://reeve.example.com, without a path',
    )
    .optional(),
  /**
   * The daemon's page as people reach it: live messages then link to their jobs there. It answers on its own machine only, so
   * this is a tunnel's end (`ssh -L 7333:127.0.0.1:7333 …`), or a proxy that says `Host: 127.0.0.1:7333`.
   */
  page: z
    .string()
    .max(200)
    .regex(
      /^(https:\/\/[a-z0-9]([a-z0-9.-]*[a-z0-9])?|http:\/\/(localhost|127\.0\.0\.1))(:\d{1,5})?$/,
      'an address such as https://reeve.example.com, without a path; http only for this machine',
    )
    .refine((address) => URL.canParse(address), 'there is no such address')
    .optional(),
});
export type ChatSpec = z.infer<typeof ChatSpec>;
