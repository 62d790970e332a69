import { z } from 'zod';

const SLUG = /^[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/;

/** Lower-case ASCII name (project, environment, runbook, person, role, step …): what look-alike letters cannot imitate. */
export const Slug = z
  .string()
  .max(64)
  .regex(SLUG, 'use lower-case letters, digits, - and _, starting with a letter');
export const ProjectId = Slug;
export const EnvironmentId = Slug;
export const RunbookId = Slug;
export const PersonId = Slug;

/** The environment part of a capability for actions that touch no environment. */
export const NO_ENVIRONMENT = 'none';

/** `sha256:` and 64 lower-case hex digits (OCI digest form). */
export const Digest = z.string().regex(/^sha256:[0-9a-f]{64}$/, 'a sha256: digest');
export type Digest = z.infer<typeof Digest>;

/** `job_` + 32 hex digits, derived from the job's inputs (DESIGN §6). */
export const JobId = z.string().regex(/^job_[0-9a-f]{32}$/, 'a job id');
/** `<job id>.<attempt number from 1>`. */
export const AttemptId = z.string().regex(/^job_[0-9a-f]{32}\.[1-9][0-9]{0,5}$/, 'an attempt id');
/** `gr_` + 24 hex digits of randomness. Never derived from signature bytes. */
export const GrantId = z.string().regex(/^gr_[0-9a-f]{24}$/, 'a grant id');
/** `req_` + 24 hex digits: a request for a grant that waits for approvals. */
export const RequestId = z.string().regex(/^req_[0-9a-f]{24}$/, 'a request id');
/** `ae_` + 24 hex digits. */
export const AdminEventId = z.string().regex(/^ae_[0-9a-f]{24}$/, 'an admin event id');
/** `rev_` + 24 hex digits: a break-glass review task. */
export const ReviewId = z.string().regex(/^rev_[0-9a-f]{24}$/, 'a review id');
/** `inc_` + 16 hex digits: an incident. */
export const IncidentId = z.string().regex(/^inc_[0-9a-f]{16}$/, 'an incident id');
/** `sil_` + 16 hex digits: a silence. */
export const SilenceId = z.string().regex(/^sil_[0-9a-f]{16}$/, 'a silence id');
/** `btn_` + 24 hex digits of randomness: a button in chat. */
export const PressId = z.string().regex(/^btn_[0-9a-f]{24}$/, 'the id of a button');
/** `dlv_` + 24 hex digits of the SHA-256 of the source and the sender's own id: a delivery of a webhook. */
export const DeliveryId = z.string().regex(/^dlv_[0-9a-f]{24}$/, 'the id of a delivery');
/** `key_` + 16 hex digits of the SHA-256 of the raw public key. */
export const KeyId = z.string().regex(/^key_[0-9a-f]{16}$/, 'a key id');

/** `action:environment`, both exact. No globs (DESIGN §4). */
export const Capability = z
  .string()
  .max(140)
  .regex(/^[a-z][a-z0-9_]*:[a-z][a-z0-9]*(?:[-_][a-z0-9]+)*$/, 'an exact action:environment');
