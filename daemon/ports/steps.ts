import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { JobSpec } from '../../contracts/job.ts';
import type { ReleaseStage } from '../../contracts/records/release.ts';
import type { Plan, PlanStep } from '../../contracts/plan.ts';
import type { JobView } from './jobs.ts';

/** What one step may see and use. Everything a step kind touches comes through here. */
export interface StepContext {
  spec: JobSpec;
  plan: Plan;
  attempt_id: string;
  fence: number;
  /** An empty folder of this attempt, 0700; removed after the attempt. Same for all its steps. */
  scratch: string;
  /** Root of the estate; the working directory of shell steps. */
  root: string;
  /** Outputs of earlier steps: step name → name → value. Secrets are redacted in records, not here. */
  outputs: Record<string, Record<string, string>>;
  /** Status so far, for steps with on=failure / on=always. */
  failed: boolean;
  /** Aborted on cancel, halt, revocation and daemon shutdown; `reason` is a ReeveError. */
  signal: AbortSignal;
  /** Sends lines to the job's log and to watchers; redaction happens behind it. Resolves when there is room (back-pressure). */
  log(stream: 'stdout' | 'stderr' | 'reeve', chunk: string | Uint8Array): Promise<void>;
  /** Id of the job-scoped child grant. */
  grant_id: string;
  services: StepServices;
}

/** What a backup or restore step hands to its driver. */
export interface BackupContext {
  /** Folder of the attempt, 0700; the only place that anything is restored into. */
  scratch: string;
  job_id: string;
  attempt_id: string;
  signal: AbortSignal;
  /** Root of the estate: relative paths begin there. */
  root: string;
  /** A secret that the runbook declares. Rejects SECRET_UNDECLARED, SECRET_NOT_FOUND. */
  secret(name: string): Promise<string>;
  /** Lines for the job's log; redacted behind it. */
  log(text: string): Promise<void>;
}

/** A release of a job's project. */
export interface ReleaseRequest {
  version: string;
  /** The commit it is made from. */
  base: string;
  dryRun: boolean;
  job: JobSpec;
  signal: AbortSignal;
  log(text: string): Promise<void>;
}

/** What domain steps need from the rest of the daemon; the composition root provides it. */
export interface StepServices {
  /** Values of the secrets the runbook declares, by variable name. */
  secrets(names: string[]): Promise<Record<string, string>>;
  putArtifact(data: Uint8Array, meta: { mediaType: string; name?: string }): Promise<ArtifactRef>;
  /** Starts a called runbook under a child grant of this job's and waits for it. */
  call(request: {
    runbook: string;
    project: string;
    env: string;
    inputs: JsonObject;
    plan_digest: string;
    parent: string;
    step: string;
    signal: AbortSignal;
  }): Promise<JobView>;
  /** Opens an approval request in mid-job and waits for enough approvals. Rejects when denied or expired. */
  approve(request: {
    job_id: string;
    attempt_id: string;
    step: string;
    question: string;
    approvals: number;
    timeout_ms: number;
    signal: AbortSignal;
  }): Promise<{ by: string[] }>;
  /** Hands a message to the people named channel; returns where it went. */
  notify(message: {
    channel: string;
    tone: 'good' | 'bad' | 'warn' | 'info';
    title: string;
    text: string;
    /** Digest of an SVG that chat shows with it. */
    picture?: string;
    job_id: string;
  }): Promise<{ sent: string[] }>;
  /** Backup drivers by name (`reeve` = the daemon's own ledger). */
  backup(
    driver: string,
    options: JsonObject,
    context: BackupContext,
  ): Promise<{ outputs: Record<string, string>; artifacts: ArtifactRef[] }>;
  /** Restores into a scratch place and verifies it there. */
  restore(
    driver: string,
    options: JsonObject,
    context: BackupContext,
  ): Promise<{ outputs: Record<string, string>; artifacts: ArtifactRef[]; phases: Record<string, number> }>;
  /**
   * Writes the report of the last seven days, or a digest. `file`: null when it may not be written; `picture`: an SVG, null
   * where there is none. Rejects FORBIDDEN.
   */
  report(request: {
    period: 'weekly' | 'daily-digest' | 'weekly-digest';
    scope: 'project' | 'estate';
    job: JobSpec;
  }): Promise<{
    title: string;
    headline: string;
    artifact: ArtifactRef;
    file: string | null;
    picture: ArtifactRef | null;
  }>;
  /**
   * Runs a sync job from where it had come to. Rejects FORBIDDEN, ZONE_REFUSED, SYNC_FILE when a file cannot be written
   * without losing what somebody has put there.
   */
  sync(request: {
    sync: string;
    scope: 'project' | 'estate';
    since: string | undefined;
    dryRun: boolean;
    /** Below the estate, as planned. */
    files: readonly string[];
    job: JobSpec;
    signal: AbortSignal;
    log(text: string): Promise<void>;
  }): Promise<{
    title: string;
    headline: string;
    counts: Record<string, number>;
    /** A line for each thing that was written or, in a dry run, would be, and for what stays. */
    changes: readonly string[];
    /** What people had changed and was left as it is. */
    conflicts: readonly string[];
    artifact: ArtifactRef;
  }>;
  /** Cuts a version out of the project's repository. Rejects RELEASE_REFUSED, ZONE_REFUSED, SYNC_FILE. */
  release(
    request: ReleaseRequest & {
      pre: string | undefined;
      /** What follows on the tag. */
      stages: readonly ReleaseStage[];
    },
  ): Promise<{ tag: string; commit: string; text: string; previous: string | null; artifact: ArtifactRef }>;
  /**
   * Pushes commit and tag of a release that is cut, both or neither, to the address that was confirmed (`to`). `none`:
   * reeve.yaml names no remote. Rejects RELEASE_REFUSED, RELEASE_UNFINISHED.
   */
  push(
    request: ReleaseRequest & { to: string },
  ): Promise<{ outcome: 'pushed' | 'there' | 'none' | 'dry'; address: string; branch: string }>;
  /**
   * Has GitHub told of the release; resolves when it stands there, or when GitHub does not answer and gets it later
   * (`waits`). Rejects RELEASE_UNFINISHED where GitHub does not want it.
   */
  publish(
    request: ReleaseRequest,
  ): Promise<{ outcome: 'made' | 'adopted' | 'waits' | 'none' | 'dry'; url: string }>;
  /** Tells a channel of it, once. */
  announce(request: ReleaseRequest & { channel: string }): Promise<{ title: string; sent: string[] }>;
  /**
   * Signs the head of the ledger and posts it in chat. Resolves when it stands there. Rejects CHAT_NOT_CONFIGURED where no
   * bot relays that has a channel for it, CHAT_UNSAID when none could post it.
   */
  head(request: { signal: AbortSignal }): Promise<{ size: number; root: string; where: string[] }>;
  /** Hosts that steps may call, from the estate's network.allow. */
  allowedHosts(): string[];
}

export interface StepResult {
  status: 'PASS' | 'FAIL' | 'TIMED_OUT' | 'CANCELLED' | 'SKIPPED';
  error_code?: string;
  /** For people; redacted by the caller before it is recorded. */
  why?: string;
  exit_code?: number;
  outputs?: Record<string, string>;
  artifacts?: ArtifactRef[];
  /** Further figures for evidence. */
  data?: Json;
}

/** Runs one planned step. Never throws: a failure is a result. */
export interface StepRunner {
  run(step: PlanStep, context: StepContext): Promise<StepResult>;
}

/** Makes text safe to store and show: secrets (also split across chunks and in base64) become `[redacted]`. */
export interface Redactor {
  /** A stateful stream; `end()` returns what was held back. */
  stream(): { push(chunk: string): string; end(): string };
  text(value: string): string;
}
