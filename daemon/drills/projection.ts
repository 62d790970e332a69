import type { ArtifactRef } from '../../contracts/artifact.ts';
import { isTerminal, type JobStatus } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

/** What is known of a drill's job from the moment it was queued. */
export interface DrillJob {
  job_id: string;
  drill: string;
  project: string;
  env: string;
  runbook_digest: string;
  plan_digest: string;
  config_version: string;
  requested_by: string;
  grant_id: string;
  queued_at: number;
}

export type GameDayStepPhase = NonNullable<RecordBody<'job.step.started'>['phase']>;

export interface DrillStep {
  name: string;
  kind: string;
  /** Its part in a game day. */
  phase?: GameDayStepPhase;
  status: JobStatus;
  ms: number;
  source: string;
  why?: string;
  outputs?: JsonObject;
  artifacts?: ArtifactRef[];
}

/** One attempt of a drill whose result is not recorded yet. */
export interface DrillRun {
  job: DrillJob;
  attempt_id: string;
  started_at: number | null;
  ended_at: number | null;
  status: JobStatus;
  error_code?: string;
  why?: string;
  steps: DrillStep[];
}

export type DrillResult = RecordBody<'drill.result'> & { at: number };

export interface DrillsState {
  /** Jobs that may still get an attempt, oldest first. */
  jobs: DrillJob[];
  /** Attempts without a result, by attempt id. */
  runs: Record<string, DrillRun>;
  /** Results of each drill, oldest first. */
  results: Record<string, DrillResult[]>;
}

export const MAX_HISTORY = 100;
/** A job this far back is not retried any more as far as drills are concerned. */
const MAX_JOBS = 200;
/** As many steps as a plan can have. */
const MAX_STEPS = 200;

/** Drills as the ledger tells them: attempts that run or wait for their result, and the last results of each. */
export const drills: Projection<DrillsState> = {
  name: 'drills',
  version: 3,
  initial: () => ({ jobs: [], runs: {}, results: {} }),
  apply(state, record) {
    switch (record.type) {
      case 'job.queued':
        queued(state, record);
        break;
      case 'job.attempt':
        attempt(state, record);
        break;
      case 'job.step.started': {
        const { attempt_id, step, kind, source, phase } = record.body;
        const steps = own(state.runs, attempt_id)?.steps;
        if (steps !== undefined && steps.length < MAX_STEPS)
          steps.push({
            name: step,
            kind,
            ...(phase === undefined ? {} : { phase }),
            source,
            status: 'RUNNING',
            ms: 0,
          });
        break;
      }
      case 'job.step.finished':
        finished(state, record.body);
        break;
      case 'drill.result': {
        const { drill, attempt_id } = record.body;
        if (attempt_id !== undefined) delete state.runs[attempt_id];
        const results = (state.results[drill] ??= []);
        results.push({ ...record.body, at: record.ts });
        // The last backup that was proven must stay known, however often the drill fails from then on.
        const proof = results.findLastIndex(isProof);
        if (results.length > MAX_HISTORY) results.splice(proof === 0 ? 1 : 0, 1);
        break;
      }
    }
    return state;
  },
};

const isProof = ({ verdict, backup }: DrillResult): boolean => verdict === 'PASS' && backup !== undefined;

/** Digests of the backups that passed drills have restored. */
export const provenBackups = (state: DrillsState): Set<string> =>
  new Set(
    Object.values(state.results).flatMap((results) =>
      results.filter(isProof).flatMap(({ backup }) => backup ?? []),
    ),
  );

/** The last result of a drill. */
export const lastResult = (state: DrillsState, drill: string): DrillResult | undefined =>
  own(state.results, drill)?.at(-1);

/** Attempts that ended and have no result. */
export const unrecorded = (state: DrillsState): DrillRun[] =>
  Object.values(state.runs).filter((run) => isTerminal(run.status));

function own<T>(map: Record<string, T>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}

function queued(state: DrillsState, { body: { job }, ts }: LedgerRecord<'job.queued'>): void {
  if (job.action !== 'run_drill') return;
  state.jobs.push({
    job_id: job.job_id,
    drill: job.runbook,
    project: job.project,
    env: job.env,
    runbook_digest: job.runbook_digest,
    plan_digest: job.plan_digest,
    config_version: job.config_version,
    requested_by: job.requested_by,
    grant_id: job.grant_id,
    queued_at: ts,
  });
  if (state.jobs.length > MAX_JOBS) state.jobs.shift();
}

function attempt(state: DrillsState, { body, ts }: LedgerRecord<'job.attempt'>): void {
  const { attempt_id, job_id, status, error_code } = body.attempt;
  let run = own(state.runs, attempt_id);
  if (run === undefined) {
    const job = state.jobs.find((known) => known.job_id === job_id);
    const done = job === undefined ? [] : (own(state.results, job.drill) ?? []);
    if (job === undefined || done.some((result) => result.attempt_id === attempt_id)) return;
    run = { job, attempt_id, started_at: null, ended_at: null, status, steps: [] };
    state.runs[attempt_id] = run;
  }
  run.status = status;
  if (status === 'RUNNING') run.started_at ??= ts;
  if (!isTerminal(status)) return;
  run.ended_at = ts;
  if (error_code !== undefined) run.error_code = error_code;
  if (body.why !== undefined) run.why = body.why;
}

function finished(state: DrillsState, body: RecordBody<'job.step.finished'>): void {
  const step = own(state.runs, body.attempt_id)?.steps.findLast((known) => known.name === body.step);
  if (step === undefined) return;
  step.status = body.status;
  step.ms = body.ms;
  if (body.why !== undefined) step.why = body.why;
  if (body.outputs !== undefined) step.outputs = body.outputs;
  if (body.artifacts !== undefined) step.artifacts = body.artifacts;
}
