import { z } from 'zod';
import { AdminEventId, Slug } from './ids.ts';
import { Json, UtcTime } from './json.ts';

/** The closed set of explicit admin actions. Every one leaves an AdminEvent. */
export const AdminActionType = z.enum([
  'deploy',
  'rollback',
  'promote',
  'patch',
  'heal',
  'run',
  'run_drill',
  'replay',
  'cancel',
  'retry',
  'halt',
  'resume_halted',
  'pause',
  'resume',
  'drain',
  'rotate_secret',
  'change_retention',
  'init_keys',
  'create_grant',
  'request_grant',
  'approve_grant',
  'deny_grant',
  'revoke_grant',
  'enrol_key',
  'revoke_key',
  'close_review',
  'accept_config',
  'change_config',
  'steal_lock',
  'set_log_level',
  'resolve_unknown',
  'note',
  'accept_zone',
  'open_incident',
  'acknowledge_incident',
  'note_incident',
  'link_incident',
  'resolve_incident',
  'review_incident',
  'reset_breaker',
  'acknowledge_alert',
  'set_silence',
  'lift_silence',
  'test_channel',
  'pause_schedule',
  'resume_schedule',
  'backfill_schedule',
  'enrol_bot',
  'remove_bot',
  'redeliver_webhook',
  'test_webhook',
  'reset_rule',
  'sync',
  'capture_feedback',
  'retry_linear',
  'release',
]);
export type AdminActionType = z.infer<typeof AdminActionType>;

/** Through what somebody or something acts. */
export const Via = z.enum([
  'cli',
  'api',
  'discord',
  'slack',
  'github',
  'web',
  'schedule',
  'webhook',
  'healer',
  'runbook',
  'daemon',
]);

/** Who acted, through what, as an id. `via` is the front end, `account` the platform's own id (OS user, Discord id …). */
export const Actor = z.object({
  person: Slug,
  via: Via,
  account: z.string().max(200).optional(),
});
export type Actor = z.infer<typeof Actor>;

export const AdminTarget = z.object({ kind: Slug, id: z.string().max(300) });

/** Append-only record of one admin action. */
export const AdminEvent = z.object({
  admin_event_id: AdminEventId,
  action_type: AdminActionType,
  actor: Actor,
  observed_at_utc: UtcTime,
  reason: z.string().max(2000),
  targets: z.array(AdminTarget).max(100).optional(),
  before: Json.optional(),
  after: Json.optional(),
  result: z
    .object({
      status: z.enum(['done', 'accepted', 'failed', 'refused', 'unknown']),
      error_code: z.string().max(64).optional(),
      detail: Json.optional(),
    })
    .optional(),
});
export type AdminEvent = z.infer<typeof AdminEvent>;

/** Rotation of a secret or key: names and ids only, never a value. */
export const SecretRotationEvent = AdminEvent.extend({
  action_type: z.enum(['rotate_secret', 'init_keys']),
  secret_name: z.string().max(200),
  previous_version: z.string().max(100).optional(),
  new_version: z.string().max(100),
});
export type SecretRotationEvent = z.infer<typeof SecretRotationEvent>;
