import { z } from 'zod';
import { Actor, AdminActionType, AdminEvent, SecretRotationEvent } from '../admin.ts';
import { AdminEventId, Slug } from '../ids.ts';
import { ErrorResponse } from '../errors.ts';
import { JsonObject } from '../json.ts';

/** Where a halt or pause reaches: one project or everything. */
export const Scope = z.union([z.literal('all'), z.strictObject({ project: Slug })]);
export type Scope = z.infer<typeof Scope>;

export const adminRecords = {
  /** Written before the effect of an admin action. */
  'admin.intent': z.strictObject({
    admin_event_id: AdminEventId,
    action_type: AdminActionType,
    actor: Actor,
    reason: z.string().max(2000),
    args: JsonObject,
  }),
  /** Written after it: before, after, result. */
  'admin.event': AdminEvent.extend(
    SecretRotationEvent.pick({ secret_name: true, previous_version: true, new_version: true }).partial()
      .shape,
  ).strict(),
  /** Something was refused at the door. No side effect but this record. */
  'admission.refused': z.strictObject({
    actor: Actor,
    command: z.string().max(200),
    error: ErrorResponse,
    /** Redacted, shortened arguments. */
    args: z.string().max(2000),
  }),
  'halt.set': z.strictObject({ scope: Scope, by: Slug, reason: z.string().max(2000), since: z.int().min(0) }),
  'halt.lifted': z.strictObject({ scope: Scope, by: Slug, reason: z.string().max(2000) }),
  'work.paused': z.strictObject({ by: Slug, reason: z.string().max(2000), drain: z.boolean() }),
  'work.resumed': z.strictObject({ by: Slug, reason: z.string().max(2000) }),
} as const;
