import { z } from 'zod';
import { ArtifactRef } from './artifact.ts';
import { AttemptId, Digest, JobId } from './ids.ts';
import { JsonObject } from './json.ts';
import { JobAttemptRecord, JobSpec, JobStatus } from './job.ts';
import { StepView } from './reply.ts';
import { Severity } from './watch.ts';

/** Request header by which a front end labels itself in records: `cli`, `web` or `api`. A label, never a right. */
export const CLIENT_HEADER = 'reeve-client';

/** POST /v1/commands. Who asks follows from the connection, never from the body. */
export const CommandRequest = z.strictObject({
  command: z.string().min(1).max(200),
  args: JsonObject.default({}),
  /** Why, for the record. */
  reason: z.string().max(1_100_000).optional(),
  /** The plan digest that was shown and confirmed. */
  confirm: z.string().max(80).optional(),
  /** What was typed to confirm, where the plan's `confirm.typed` asks for it. */
  typed: z.string().max(200).optional(),
  /** Confirms whatever the plan is. */
  force: z.boolean().default(false),
  /** A grant made ahead (id or whole token). */
  grant: z.string().max(20_000).optional(),
  /** Makes the request repeatable: the same nonce is the same job. */
  nonce: z.string().min(1).max(200).optional(),
  /** A person sits in front of it and can be asked; it says nothing about who. */
  interactive: z.boolean().default(false),
  /** Only show the plan. */
  dry_run: z.boolean().default(false),
});
export type CommandRequest = z.input<typeof CommandRequest>;

/** One server-sent event of /v1/events. `record` events carry the ledger seq as SSE id; `live` events have none. */
export const StreamEvent = z.discriminatedUnion('event', [
  z.object({ event: z.literal('record'), seq: z.int(), type: z.string(), ts: z.int(), body: JsonObject }),
  /** Lines of a running step, redacted. Best effort; the whole log is an artifact. */
  z.object({
    event: z.literal('log'),
    job_id: z.string(),
    attempt_id: z.string(),
    step: z.string(),
    stream: z.enum(['stdout', 'stderr', 'reeve']),
    /** Number of the first of these lines in the attempt's log, from 0: what a reader has of the stored log is known by it. */
    at: z.int().min(0).optional(),
    lines: z.array(z.string()),
  }),
]);
export type StreamEvent = z.infer<typeof StreamEvent>;

export const Health = z.object({
  status: z.enum(['ok', 'degraded', 'failed']),
  reeve: z.string(),
  pid: z.int(),
  uptime_ms: z.number(),
});

export const Ready = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), why: z.string().optional() })),
});

/** GET /v1/status: small, so that `reeve status` is fast. */
export const StatusView = z.object({
  reeve: z.string(),
  pid: z.int(),
  home: z.string(),
  started: z.int(),
  estate: z.string(),
  /** Mistakes of the file as it stands on disk, with file and line; what is in force then is an earlier version. */
  config_refused: z.array(z.string()),
  address: z.string(),
  ledger: z.object({ size: z.int(), root: z.string(), writable: z.boolean(), why: z.string().optional() }),
  jobs: z.object({ running: z.int(), queued: z.int(), unknown: z.int() }),
  halted: z.array(z.object({ scope: z.string(), since: z.int(), by: z.string(), reason: z.string() })),
  paused: z.object({ since: z.int(), by: z.string(), reason: z.string(), drain: z.boolean() }).nullable(),
  grants_active: z.int(),
  requests_open: z.int(),
  /** Approved, but not run: somebody has to look. */
  requests_lapsed: z.int(),
  reviews_open: z.int(),
  /** Open ones, and the newest five of them. */
  incidents: z.object({
    open: z.int(),
    page: z.int(),
    newest: z.array(z.object({ id: z.string(), title: z.string(), severity: Severity, at: z.int() })),
  }),
  last_drill: z
    .object({
      drill: z.string(),
      verdict: z.string(),
      at: z.int(),
      rpo_ms: z.number().nullable(),
      rto_ms: z.number().nullable(),
    })
    .nullable(),
  last_jobs: z.array(z.object({ id: z.string(), title: z.string(), status: JobStatus, at: z.int() })),
});
export type StatusView = z.infer<typeof StatusView>;

/** GET /v1/jobs. */
export const JobsQuery = z.strictObject({
  status: JobStatus.optional(),
  project: z.string().max(64).optional(),
  runbook: z.string().max(64).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

/** A job id or an unambiguous prefix of at least 8 hex digits. */
export const JobRef = z.string().regex(/^(job_)?[0-9a-f]{8,32}$/, 'a job id, or at least 8 digits of one');

/** GET /v1/jobs/:id: the job with all its attempts, times in ms since the epoch. */
export const JobDetail = z.object({
  spec: JobSpec,
  title: z.string(),
  status: JobStatus,
  queued_at: z.number(),
  attempts: z.array(
    z.object({
      record: JobAttemptRecord,
      fence: z.int(),
      why: z.string().optional(),
      log: ArtifactRef.optional(),
      outputs: JsonObject.optional(),
      artifacts: z.array(ArtifactRef).optional(),
      steps: z.array(StepView),
      started_at: z.number().optional(),
      ended_at: z.number().optional(),
    }),
  ),
  resolved: z.object({ as: z.enum(['PASS', 'FAIL']), by: z.string(), reason: z.string() }).optional(),
});
export type JobDetail = z.infer<typeof JobDetail>;

export const JobList = z.object({ jobs: z.array(JobDetail) });

/** GET /v1/jobs/:id/logs. */
export const JobLogsQuery = z.strictObject({
  /** From 1; absent: the newest. */
  attempt: z.coerce.number().int().min(1).max(999_999).optional(),
  /** Only this many lines, the last ones. */
  tail: z.coerce.number().int().min(1).max(10_000).optional(),
});
export const JobLogs = z.object({
  job_id: JobId,
  attempt_id: AttemptId.optional(),
  /** Number of the first of these lines in the attempt's log, from 0: `at` of a `log` event counts the same. */
  first: z.int().min(0).default(0),
  lines: z.array(z.object({ step: z.string(), stream: z.string(), line: z.string() })),
});

const Seq = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * GET /v1/events. The stream starts at `from`, else after the `Last-Event-ID` header, else `tail` records before the
 * head, else at the head. `job` limits it to one job, `logs=no` leaves out the lines of running steps.
 */
export const EventsQuery = z.strictObject({
  from: Seq.optional(),
  tail: z.coerce.number().int().min(0).max(1000).optional(),
  job: JobId.optional(),
  logs: z.enum(['yes', 'no']).default('yes'),
});

export const SeqParams = z.object({ seq: Seq });
export const DigestParams = z.object({ digest: Digest });
