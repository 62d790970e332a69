import type { Actor } from '../../contracts/admin.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Anchor, JobAttemptRecord, JobSpec, JobStatus, TerminalStatus } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { StepView } from '../../contracts/reply.ts';

/** Everything a job is derived from; the grant has been used (durably) before it is handed over. */
export interface JobRequest {
  plan: Plan;
  plan_digest: string;
  anchor: Anchor;
  requested_by: string;
  actor: Actor;
  grant_id: string;
  reason: string;
  parent?: string;
  replay_of?: string;
  /** A person has confirmed or approved this very plan. */
  confirmed?: boolean;
}

export interface JobView {
  spec: JobSpec;
  title: string;
  status: JobStatus;
  queued_at: number;
  attempts: {
    record: JobAttemptRecord;
    fence: number;
    why?: string;
    log?: ArtifactRef;
    outputs?: JsonObject;
    artifacts?: ArtifactRef[];
    steps: StepView[];
    started_at?: number;
    ended_at?: number;
  }[];
  resolved?: { as: 'PASS' | 'FAIL'; by: string; reason: string };
}

/** The queue and the engine that runs attempts. */
export interface Jobs {
  /** The id this request has (DESIGN §6): a pure function of plan, inputs, config version and anchor. */
  idOf(plan: Plan, anchor: Anchor): string;
  /**
   * Durably queues the job and returns at once; the same id again returns the job there is (`existing: true`), and
   * nothing runs twice. Rejects GRANT_PLAN_MISMATCH, GATE_CLOSED, LOCK_HELD (on_conflict: refuse),
   * QUEUE_FULL, HALTED, PAUSED, DRAINING.
   */
  submit(request: JobRequest): Promise<{ job_id: string; existing: boolean }>;
  /** Whether a running job does nothing but wait for people's approval. */
  asking(jobId: string): boolean;
  /** Whether the job was ever queued here (newest 10,000 and every live one). */
  known(jobId: string): boolean;
  /** What `submit` would refuse, before a grant is used: GATE_CLOSED, LOCK_HELD (on_conflict: refuse), a full queue. */
  precheck(plan: Plan): Promise<void>;
  /** Resolves when the job's current attempt has ended for good (no retry left). */
  wait(jobId: string, signal?: AbortSignal): Promise<{ status: TerminalStatus; attempt_id: string }>;
  /** Durable; a running step's process group is stopped, rollback steps run. */
  cancel(jobId: string, by: string, reason: string): Promise<void>;
  /** A new attempt of a job that ended FAIL, TIMED_OUT or CANCELLED. The caller has been admitted with a fresh grant. */
  retry(
    jobId: string,
    grantId: string,
    by: string,
    reason: string,
    /** What asked for it, as with a job: the id of its anchor. */
    asked?: string,
  ): Promise<{ attempt_id: string }>;
  /** A person's verdict on an UNKNOWN outcome; frees its lock. Rejects JOB_NOT_UNKNOWN. The attempt itself stays UNKNOWN. */
  resolve(jobId: string, as: 'PASS' | 'FAIL', by: string, reason: string): Promise<void>;
  /** Newest first: live jobs and the newest 500 that ended. Steps that have not begun are left out; `get` has them. */
  list(filter?: { status?: JobStatus; project?: string; runbook?: string; limit?: number }): JobView[];
  /** By id or unambiguous prefix of at least 8 hex digits; also reads jobs that are no longer in memory from the ledger. */
  get(id: string): Promise<JobView>;
  /** The live log of a running attempt or the stored one, as redacted lines. */
  logs(
    jobId: string,
    options?: { attempt?: number },
  ): Promise<{ step: string; stream: string; line: string }[]>;
  counts(): { running: number; queued: number; unknown: number };
  locks(): { lock: string; owner: string; since: number; lease_until: number; reason: string }[];
  /** Durable; the attempt that held it is stopped and runs nothing more, no rollback either. Rejects LOCK_NOT_FOUND. */
  stealLock(lock: string, by: string, reason: string): Promise<void>;
  /**
   * Rejects ARTIFACT_GATED when every attempt that made this artifact ended other than PASS, or has not ended. Artifacts
   * that no attempt made are readable.
   */
  requireReadable(digest: string): Promise<void>;
  /** Resolves when no attempt runs. What keeps new ones from starting is the work gate's drain. */
  drain(): Promise<void>;
}
