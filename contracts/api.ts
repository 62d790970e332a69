import { z } from 'zod';
import { JsonObject } from './json.ts';
import { JobStatus } from './job.ts';

/** POST /v1/commands. Who asks follows from the connection, never from the body. */
export const CommandRequest = z.strictObject({
  command: z.string().min(1).max(200),
  args: JsonObject.default({}),
  /** Why, for the record. */
  reason: z.string().max(1_100_000).optional(),
  /** The plan digest that was shown and confirmed. */
  confirm: z.string().max(80).optional(),
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
  address: z.string(),
  ledger: z.object({ size: z.int(), root: z.string(), writable: z.boolean(), why: z.string().optional() }),
  jobs: z.object({ running: z.int(), queued: z.int(), unknown: z.int() }),
  halted: z.array(z.object({ scope: z.string(), since: z.int(), by: z.string(), reason: z.string() })),
  paused: z.object({ since: z.int(), by: z.string(), reason: z.string(), drain: z.boolean() }).nullable(),
  grants_active: z.int(),
  requests_open: z.int(),
  reviews_open: z.int(),
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
