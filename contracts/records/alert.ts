import { z } from 'zod';
import { EnvironmentId, IncidentId, PersonId, ProjectId, SilenceId, Slug } from '../ids.ts';
import { AlertMatch } from '../estate/alerts.ts';
import { Severity, SignalSource } from '../watch.ts';

/** What an alert is about. `key` is its identity: while it is open, the same key is the same alert. */
export const AlertBody = z.strictObject({
  key: z.string().min(1).max(200),
  severity: Severity,
  source: SignalSource,
  title: z.string().min(1).max(200),
  text: z.string().max(4000),
  project: ProjectId.optional(),
  env: EnvironmentId.optional(),
  probe: Slug.optional(),
  incident: IncidentId.optional(),
});
export type AlertBody = z.infer<typeof AlertBody>;

export const alertRecords = {
  /** Opened, or changed while open. Durable before anybody is told. */
  'alert.raised': AlertBody,
  'alert.resolved': z.strictObject({ key: z.string().max(200), why: z.string().max(500) }),
  'alert.acknowledged': z.strictObject({
    key: z.string().max(200),
    by: PersonId,
    note: z.string().max(2000),
  }),
  /** One message reached a channel, or was given up. Each message id is retried until one of the two stands here. */
  'alert.delivered': z.strictObject({
    message: z.string().max(100),
    channel: Slug,
    event: z.enum(['raised', 'resolved', 'reminder', 'escalated', 'notice']),
    keys: z.array(z.string().max(200)).max(100),
    outcome: z.enum(['sent', 'given_up', 'silenced']),
    tries: z.int().min(0),
    why: z.string().max(500).optional(),
  }),
  /** A message that is no alert (the notify step, a report) and must arrive; durable before it is sent. */
  'message.queued': z.strictObject({
    id: z.string().max(100),
    channel: Slug,
    tone: z.enum(['good', 'bad', 'warn', 'info']),
    title: z.string().max(200),
    text: z.string().max(8000),
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
