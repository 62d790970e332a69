import { z } from 'zod';
import { Digest, EnvironmentId, IncidentId, PersonId, ProjectId, SilenceId, Slug } from '../ids.ts';
import { AlertKey, AlertMatch } from '../estate/alerts.ts';
import { Severity, SignalSource } from '../watch.ts';

/** Most alerts that are tracked one by one at the same time; further ones stand in the ledger and are counted. */
export const MAX_OPEN_ALERTS = 2000;

/** What an alert is about. `key` is its identity: while it is open, the same key is the same alert. */
export const AlertBody = z.strictObject({
  key: AlertKey,
  severity: Severity,
  source: SignalSource,
  title: z.string().min(1).max(200),
  text: z.string().max(4000),
  project: ProjectId.optional(),
  env: EnvironmentId.optional(),
  probe: Slug.optional(),
  incident: IncidentId.optional(),
  /** It is about this channel, so it is told over others. */
  channel: Slug.optional(),
});
export type AlertBody = z.infer<typeof AlertBody>;

/** Why people are told. */
export const AlertEvent = z.enum(['raised', 'resolved', 'reminder', 'escalated']);
export type AlertEvent = z.infer<typeof AlertEvent>;

/** `msg_` + 24 hex digits: one message to one channel. The same in every try, so that a receiver can drop doubles. */
export const MessageId = z.string().regex(/^msg_[0-9a-f]{24}$/, 'a message id');

/** Alerts by the seq of the `alert.raised` record that opened them. */
const Episodes = z.array(z.int().min(0)).min(1).max(MAX_OPEN_ALERTS);

export const alertRecords = {
  /**
   * Opened, or changed while open. Durable before anybody is told. `at`: the time that deadlines count from, ms, where the
   * clock was set back and the record's own time stands still.
   */
  'alert.raised': AlertBody.extend({ at: z.int().min(0).optional() }),
  'alert.resolved': z.strictObject({ key: AlertKey, why: z.string().max(500) }),
  'alert.acknowledged': z.strictObject({
    key: AlertKey,
    by: PersonId,
    note: z.string().max(2000),
  }),
  /** A silence kept these from being told; once per alert and silence. */
  'alert.silenced': z.strictObject({ silence: SilenceId, alerts: Episodes }),
  /** Which alerts one message is about: durable before its first try, so that its id and content outlive a crash. */
  'alert.queued': z.strictObject({
    id: MessageId,
    channel: Slug,
    event: AlertEvent,
    alerts: Episodes,
    /** When it was due, ms, by a clock that never goes back. */
    at: z.int().min(0),
    /** Of an escalation: the time after the raise that it stands for, ms. */
    level: z.int().min(0).optional(),
  }),
  /** One message reached a channel, or was given up. Each queued message is retried until one of the two stands here. */
  'alert.delivered': z.strictObject({
    message: MessageId,
    channel: Slug,
    event: z.enum([...AlertEvent.options, 'notice']),
    /** The alerts it was about; of many the first. */
    keys: z.array(AlertKey).max(100),
    outcome: z.enum(['sent', 'given_up']),
    /** Tries of the process that wrote this. */
    tries: z.int().min(0),
    why: z.string().max(500).optional(),
  }),
  /** A message that is no alert (the notify step, a report) and must arrive; durable before it is sent. */
  'message.queued': z.strictObject({
    id: MessageId,
    channel: Slug,
    tone: z.enum(['good', 'bad', 'warn', 'info']),
    title: z.string().max(200),
    text: z.string().max(8000),
    /** An SVG that chat shows with it. */
    picture: Digest.optional(),
    job: z.string().max(60).optional(),
  }),
  'silence.set': z.strictObject({
    id: SilenceId,
    match: AlertMatch,
    until: z.int().min(0),
    by: PersonId,
    reason: z.string().max(2000),
  }),
  'silence.lifted': z.strictObject({ id: SilenceId, by: PersonId }),
} as const;
