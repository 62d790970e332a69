import { z } from 'zod';
import { ArtifactRef } from '../artifact.ts';
import { AttemptId, Digest, JobId, Slug } from '../ids.ts';
import { JobAttemptRecord, JobSpec, JobStatus } from '../job.ts';
import { JsonObject } from '../json.ts';

export const jobRecords = {
  /** The durable intent: everything the job is derived from. */
  'job.queued': z.strictObject({ job: JobSpec, title: z.string().max(200).optional() }),
  /** Every change of an attempt's status. `fence` grows by one with each attempt of the job. */
  'job.attempt': z.strictObject({
    attempt: JobAttemptRecord,
    fence: z.int().min(1),
    owner: z.string().max(200),
    /** Redacted, for people. */
    why: z.string().max(1000).optional(),
    log: ArtifactRef.optional(),
    outputs: JsonObject.optional(),
    artifacts: z.array(ArtifactRef).max(100).optional(),
    /** What became of the rollback that was due when it ended; absent when none was, or the runbook has none. */
    rollback: z.enum(['done', 'failed', 'not_run']).optional(),
    /** The daemon starts another attempt by itself at this time, ms. The same outcome recorded again without it: it does not. */
    retry_at: z.int().min(0).optional(),
  }),
  /** Durable intent of one step, before its effect. */
  'job.step.started': z.strictObject({
    job_id: JobId,
    attempt_id: AttemptId,
    fence: z.int().min(1),
    step: Slug,
    kind: Slug,
    index: z.int().min(0),
    on: z.enum(['normal', 'failure', 'always']),
    /** Its part in a game day. */
    phase: z.enum(['steady', 'method', 'rollback', 'again']).optional(),
    source: z.string().max(400),
    digest: Digest,
    /** One line for people: what it does. */
    summary: z.string().max(500).optional(),
  }),
  /** Durable outcome of one step. */
  'job.step.finished': z.strictObject({
    job_id: JobId,
    attempt_id: AttemptId,
    fence: z.int().min(1),
    step: Slug,
    status: JobStatus,
    ms: z.int().min(0),
    error_code: z.string().max(64).optional(),
    why: z.string().max(1000).optional(),
    exit_code: z.int().optional(),
    outputs: JsonObject.optional(),
    artifacts: z.array(ArtifactRef).max(100).optional(),
  }),
  'job.cancel_requested': z.strictObject({ job_id: JobId, by: Slug, reason: z.string().max(2000) }),
  /** A person looked at an UNKNOWN outcome and said what it was. The attempt itself stays UNKNOWN. */
  'job.resolved': z.strictObject({
    job_id: JobId,
    as: z.enum(['PASS', 'FAIL']),
    by: Slug,
    reason: z.string().max(2000),
  }),
  'lock.acquired': z.strictObject({
    lock: z.string().max(200),
    owner: AttemptId,
    fence: z.int().min(1),
    reason: z.string().max(500),
    lease_until: z.int().min(0),
  }),
  'lock.released': z.strictObject({ lock: z.string().max(200), owner: AttemptId }),
  'lock.stolen': z.strictObject({
    lock: z.string().max(200),
    from: AttemptId,
    by: Slug,
    reason: z.string().max(2000),
  }),
} as const;
