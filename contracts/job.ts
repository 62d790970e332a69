import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import {
  AttemptId,
  Digest,
  EnvironmentId,
  GrantId,
  JobId,
  PersonId,
  ProjectId,
  RunbookId,
  Slug,
} from './ids.ts';
import { JsonObject, UtcTime } from './json.ts';

export const JobStatus = z.enum([
  'QUEUED',
  'RUNNING',
  'PASS',
  'FAIL',
  'CANCELLED',
  'TIMED_OUT',
  'SKIPPED',
  'UNKNOWN',
]);
export type JobStatus = z.infer<typeof JobStatus>;

/** Statuses after which an attempt never changes again. */
export const TERMINAL = ['PASS', 'FAIL', 'CANCELLED', 'TIMED_OUT', 'SKIPPED', 'UNKNOWN'] as const;
export type TerminalStatus = (typeof TERMINAL)[number];
export const isTerminal = (s: JobStatus): s is TerminalStatus => s !== 'QUEUED' && s !== 'RUNNING';

/** Ids that tie an operational event to what it belongs to. */
export const CorrelationIds = z.record(Slug, z.string().max(200));

/** One attempt of a job. History is append-only: a retry is a new `attempt_id`. */
export const JobAttemptRecord = z.object({
  job_id: JobId,
  attempt_id: AttemptId,
  status: JobStatus,
  created_at_utc: UtcTime,
  updated_at_utc: UtcTime,
  correlation_ids: CorrelationIds.optional(),
  error_code: z.string().max(64).optional(),
  retryable: z.boolean().optional(),
});
export type JobAttemptRecord = z.infer<typeof JobAttemptRecord>;

/** What started a job: part of its identity, so the same slot, delivery or nonce twice is one job. */
export const Anchor = z.object({
  kind: z.enum(['nonce', 'slot', 'delivery', 'interaction', 'parent', 'incident']),
  id: z.string().min(1).max(256),
});
export type Anchor = z.infer<typeof Anchor>;

/** Everything a job is derived from, recorded when it is queued (DESIGN §6). */
export const JobSpec = z.object({
  job_id: JobId,
  action: Slug,
  runbook: RunbookId,
  runbook_digest: Digest,
  /** `sha256:` digest of the config version in force. */
  config_version: Digest,
  plan_digest: Digest,
  project: ProjectId,
  /** Environment or `none`. */
  env: EnvironmentId,
  inputs: JsonObject,
  inputs_digest: Digest,
  anchor: Anchor,
  requested_by: PersonId,
  grant_id: GrantId,
  reason: z.string().max(2000),
  /** The job this one was called by or replays. */
  parent: JobId.optional(),
  replay_of: JobId.optional(),
  /** A person confirmed or approved this very plan, or the one that calls it: what writing in the app zone takes. */
  confirmed: z.boolean().optional(),
  /** The plan that was shown and confirmed, as an artifact. */
  plan: ArtifactRef,
  correlation_ids: CorrelationIds.optional(),
});
export type JobSpec = z.infer<typeof JobSpec>;
