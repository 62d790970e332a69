import { isTerminal, type JobStatus } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';
import {
  KEPT_ARTIFACTS,
  KEPT_ATTEMPTS,
  KEPT_FINISHED,
  KEPT_IDS,
  own,
  passKey,
  type AttemptEntry,
  type JobEntry,
  type JobsState,
} from './entries.ts';
import { remember } from './seen.ts';

/** Jobs, attempts and steps as the ledger tells them. */
export const jobsProjection: Projection<JobsState> = {
  name: 'jobs',
  version: 2,
  initial: () => ({
    jobs: {},
    finished: [],
    older: {},
    older_order: [],
    forgotten: [],
    passes: {},
    artifacts: {},
    artifact_order: [],
    artifacts_forgotten: 0,
  }),
  apply(state, record) {
    switch (record.type) {
      case 'job.queued':
        queued(state, record);
        break;
      case 'job.attempt':
        attempt(state, record);
        break;
      case 'job.step.started':
        stepStarted(state, record);
        break;
      case 'job.step.finished':
        stepFinished(state, record);
        break;
      case 'job.cancel_requested': {
        const entry = own(state.jobs, record.body.job_id);
        if (entry === undefined) break;
        entry.cancel = { by: record.body.by, reason: record.body.reason };
        entry.last = record.seq;
        break;
      }
      case 'job.resolved': {
        const { job_id, as, by, reason } = record.body;
        const entry = own(state.jobs, job_id);
        if (entry === undefined) break;
        entry.resolved = { as, by, reason };
        entry.last = record.seq;
        settle(state, entry);
        break;
      }
      default:
    }
    return state;
  },
};

function queued(state: JobsState, { seq, ts, body }: LedgerRecord<'job.queued'>): void {
  const { job, title = job.runbook } = body;
  state.jobs[job.job_id] ??= {
    spec: job,
    title,
    status: 'QUEUED',
    queued_at: ts,
    seq,
    last: seq,
    attempts: [],
  };
}

function attempt(state: JobsState, { seq, ts, body }: LedgerRecord<'job.attempt'>): void {
  const entry = own(state.jobs, body.attempt.job_id);
  if (entry === undefined) return;
  const current = upsert(entry, body);
  if (current === undefined) return;
  entry.last = seq;
  const { status } = body.attempt;
  if (status === 'RUNNING') current.started_at ??= ts;
  if (isTerminal(status)) current.ended_at ??= ts;
  entry.status = body.retry_at === undefined ? status : 'QUEUED';
  for (const ref of body.artifacts ?? []) made(state, ref.digest, current.record.attempt_id, status);
  if (isTerminal(status)) {
    for (const digest of current.made ?? []) made(state, digest, current.record.attempt_id, status);
    delete current.made;
  }
  if (status === 'PASS') {
    const { project, env, runbook, job_id } = entry.spec;
    const attempt_id = body.attempt.attempt_id;
    state.passes[passKey(project, env, runbook)] = { at: ts, job_id, attempt_id };
  }
  settle(state, entry);
}

/** Undefined when the record changes nothing: an attempt that was replaced, or one that ended. */
function upsert(entry: JobEntry, body: LedgerRecord<'job.attempt'>['body']): AttemptEntry | undefined {
  const { attempt: record, fence, owner, why, log, outputs, artifacts, retry_at } = body;
  const last = entry.attempts.at(-1);
  if (last !== undefined && fence < last.fence) return undefined;
  const again = last?.fence === fence ? last : undefined;
  // An ended attempt never changes, but that nothing follows it by itself can be said later.
  if (again !== undefined && isTerminal(again.record.status) && again.record.status !== record.status)
    return undefined;
  const next: AttemptEntry = {
    ...again,
    record,
    fence,
    owner,
    steps: again?.steps ?? [],
    ...(why === undefined ? {} : { why }),
    ...(log === undefined ? {} : { log }),
    ...(outputs === undefined ? {} : { outputs }),
    ...(artifacts === undefined ? {} : { artifacts }),
  };
  if (retry_at === undefined) delete next.retry_at;
  else next.retry_at = retry_at;
  if (again !== undefined) entry.attempts[entry.attempts.length - 1] = next;
  else {
    entry.attempts.push(next);
    if (entry.attempts.length > KEPT_ATTEMPTS) entry.attempts.shift();
    delete entry.cancel;
    delete entry.resolved;
  }
  return next;
}

function stepStarted(state: JobsState, { seq, ts, body }: LedgerRecord<'job.step.started'>): void {
  const entry = own(state.jobs, body.job_id);
  const found = entry?.attempts.at(-1);
  if (entry === undefined || found === undefined || found.fence !== body.fence) return;
  entry.last = seq;
  const { step: name, kind, on, summary = '' } = body;
  found.steps.push({ name, kind, on, summary, status: 'RUNNING', started_at: ts });
}

function stepFinished(state: JobsState, { seq, body }: LedgerRecord<'job.step.finished'>): void {
  const entry = own(state.jobs, body.job_id);
  const found = entry?.attempts.at(-1);
  if (entry === undefined || found === undefined || found.fence !== body.fence) return;
  const step = found.steps.find(({ name, status }) => name === body.step && status === 'RUNNING');
  if (step === undefined) return;
  entry.last = seq;
  step.status = body.status;
  step.ms = body.ms;
  if (body.why !== undefined) step.why = body.why;
  for (const { digest } of body.artifacts ?? []) {
    made(state, digest, body.attempt_id, 'RUNNING');
    if (digest !== undefined) (found.made ??= []).push(digest);
  }
}

/** The same bytes may be made by many attempts: one PASS is enough. */
function made(state: JobsState, digest: string | undefined, attempt_id: string, status: JobStatus): void {
  if (digest === undefined) return;
  const known = own(state.artifacts, digest);
  if (known?.status === 'PASS') return;
  state.artifacts[digest] = { attempt_id, status };
  if (known !== undefined) return;
  state.artifact_order.push(digest);
  if (state.artifact_order.length <= KEPT_ARTIFACTS) return;
  const dropped = state.artifact_order.shift();
  if (dropped !== undefined) delete state.artifacts[dropped];
  state.artifacts_forgotten += 1;
}

/** Whether nothing of it waits any more: neither a run nor a person's verdict. */
const isSettled = ({ status, resolved }: JobEntry): boolean =>
  isTerminal(status) && (status !== 'UNKNOWN' || resolved !== undefined);

/** Keeps `finished` true and lets the oldest go, from detail to id, from id to the filter. */
function settle(state: JobsState, entry: JobEntry): void {
  const id = entry.spec.job_id;
  const at = state.finished.lastIndexOf(id);
  if (!isSettled(entry)) {
    if (at >= 0) state.finished.splice(at, 1);
    return;
  }
  if (at >= 0) return;
  state.finished.push(id);
  const oldest = state.finished.length > KEPT_FINISHED ? state.finished.shift() : undefined;
  const gone = oldest === undefined ? undefined : state.jobs[oldest];
  if (oldest === undefined || gone === undefined) return;
  delete state.jobs[oldest];
  state.older[oldest] = [gone.status, gone.seq, gone.last];
  state.older_order.push(oldest);
  const forgotten = state.older_order.length > KEPT_IDS ? state.older_order.shift() : undefined;
  if (forgotten === undefined) return;
  delete state.older[forgotten];
  remember(state.forgotten, forgotten);
}
