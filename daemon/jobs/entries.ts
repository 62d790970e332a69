import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { JobAttemptRecord, JobSpec, JobStatus } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';

interface StepEntry {
  name: string;
  kind: string;
  on: 'normal' | 'failure' | 'always';
  summary: string;
  status: JobStatus;
  started_at: number;
  ms?: number;
  why?: string;
}

export interface AttemptEntry {
  record: JobAttemptRecord;
  fence: number;
  owner: string;
  why?: string;
  log?: ArtifactRef;
  outputs?: JsonObject;
  artifacts?: ArtifactRef[];
  steps: StepEntry[];
  /** Digests of what its steps made, until it ends. */
  made?: string[];
  started_at?: number;
  ended_at?: number;
  /** Another attempt starts by itself at this time, ms. */
  retry_at?: number;
}

export interface JobEntry {
  spec: JobSpec;
  title: string;
  /** Of the job as a whole: QUEUED also while it waits for its next attempt. */
  status: JobStatus;
  queued_at: number;
  /** Seq of `job.queued`: the order of jobs. */
  seq: number;
  /** Seq of the newest record about it. */
  last: number;
  /** The newest `KEPT_ATTEMPTS`, oldest first. */
  attempts: AttemptEntry[];
  /** Asked for since the last attempt began. */
  cancel?: { by: string; reason: string };
  resolved?: { as: 'PASS' | 'FAIL'; by: string; reason: string };
}

export const KEPT_ATTEMPTS = 20;
export const KEPT_FINISHED = 500;
export const KEPT_IDS = 10_000;
export const KEPT_ARTIFACTS = 10_000;

/** Everything the ledger says about jobs. Bounded; what was dropped is found again by reading the ledger. */
export interface JobsState {
  /** Live jobs (waiting, running, UNKNOWN without a verdict) and the newest that ended. */
  jobs: Record<string, JobEntry>;
  /** Ids of ended jobs in `jobs`, in the order they ended. */
  finished: string[];
  /** Jobs that left `jobs`, and the seq of their first and last record; the newest `KEPT_IDS`, in `older_order`. */
  older: Record<string, [status: JobStatus, first: number, last: number]>;
  older_order: string[];
  /** Bloom filter over ids that left `older`: "no" is certain (seen.ts). Empty until the first one did. */
  forgotten: number[];
  /** `project/env/runbook` → its newest PASS. */
  passes: Record<string, { at: number; job_id: string; attempt_id: string }>;
  /** Artifact digest → the attempt that made it and how that ended; one that passed stays. */
  artifacts: Record<string, { attempt_id: string; status: JobStatus }>;
  artifact_order: string[];
  /** Artifacts that left `artifacts`. */
  artifacts_forgotten: number;
}

/** A map's own entry: `constructor` and `__proto__` find nothing. */
export function own<T>(map: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

export const passKey = (project: string, env: string, runbook: string): string =>
  `${project}/${env}/${runbook}`;
