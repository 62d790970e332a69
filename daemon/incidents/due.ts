import { isTerminal } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { own } from '../own.ts';
import { cut } from '../text.ts';
import { MAX_DUE, MAX_JOBS, type Due, type IncidentsState, type Trigger } from './state.ts';

/** Actions whose failure leaves an environment in doubt. */
export const DEPLOYING: ReadonlySet<string> = new Set(['deploy', 'promote', 'rollback', 'patch']);

const deployCause = ({ project, env }: { project: string; env: string }): string =>
  `deploy:${project}/${env}`;

/** Notes what a record says of trouble that begins or is over. */
export function noteTrouble(state: IncidentsState, record: LedgerRecord): void {
  switch (record.type) {
    case 'probe.transition':
      transition(state, record);
      break;
    case 'drill.result':
      drill(state, record);
      break;
    case 'job.queued':
      remember(state, record);
      break;
    case 'job.step.started': {
      const job = own(state.jobs, record.body.job_id);
      if (job !== undefined && record.body.on === 'normal') job.begun = true;
      break;
    }
    case 'job.attempt':
      attempt(state, record);
      break;
    case 'job.resolved': {
      const job = own(state.jobs, record.body.job_id);
      if (job !== undefined && record.body.as === 'PASS')
        good(state, deployCause(job), record, `${record.body.by} found that ${record.body.job_id} passed`);
      break;
    }
    default:
  }
}

function transition(state: IncidentsState, record: LedgerRecord<'probe.transition'>): void {
  const { probe, from, to, since, why, cause, maintenance } = record.body;
  const name = `probe:${probe}`;
  if (to === 'up') good(state, name, record, `${probe} is up again`, since);
  else if (to === 'pending') {
    // What nobody was told of, and is watched no more, needs no incident.
    if (own(state.causes, name) === undefined) delete state.due[name];
    else good(state, name, record, `${probe} is not watched any more: ${why}`, since);
  }
  if (to !== 'down' && to !== 'halted') return;
  if (cause !== undefined || maintenance !== undefined) {
    // Explained trouble opens nothing, but what is open is not over either.
    delete own(state.due, name)?.over;
    return;
  }
  // When an excuse is lost, the trouble began before it.
  const began = from === to ? Math.min(since, record.ts) : since;
  bad(state, name, {
    seq: record.seq,
    at: record.ts,
    began,
    why,
    of: { kind: 'probe', probe, state: to },
  });
}

function drill(state: IncidentsState, record: LedgerRecord<'drill.result'>): void {
  const { drill: name, project, env, verdict, why = '', job_id } = record.body;
  // Results of versions that did not record the place: nobody would know whom to ask.
  if (project === undefined || env === undefined) return;
  const cause = `drill:${name}:${project}/${env}`;
  if (verdict === 'PASS') good(state, cause, record, `${name} passed (${job_id})`);
  else
    bad(state, cause, {
      seq: record.seq,
      at: record.ts,
      began: record.ts,
      why,
      of: { kind: 'drill', drill: name, project, env, verdict, job: job_id },
    });
}

function remember({ jobs }: IncidentsState, { body }: LedgerRecord<'job.queued'>): void {
  const { job_id, action, project, env, runbook } = body.job;
  if (!DEPLOYING.has(action)) return;
  jobs[job_id] = { action, title: body.title ?? runbook, project, env };
  const [oldest, ...others] = Object.keys(jobs);
  if (others.length >= MAX_JOBS && oldest !== undefined) delete jobs[oldest];
}

function attempt(state: IncidentsState, record: LedgerRecord<'job.attempt'>): void {
  const { job_id, status, error_code } = record.body.attempt;
  const { rollback, retry_at, why = error_code ?? status } = record.body;
  const job = own(state.jobs, job_id);
  if (job === undefined || !isTerminal(status)) return;
  const { begun = false, ...of } = job;
  if (rollback === 'done') delete job.begun;
  // Another attempt that follows by itself may still pass.
  if (retry_at !== undefined) return;
  const cause = deployCause(job);
  if (status === 'PASS') return good(state, cause, record, `${job.title} passed (${job_id})`);
  // What never began, or was cancelled and put back, has changed nothing. What was stopped half-way (by a person, a halt, an
  // ended grant, the daemon's stop) leaves the environment in the same doubt as a failure.
  const halfway = status === 'CANCELLED' && begun && rollback !== 'done';
  if (status !== 'FAIL' && status !== 'TIMED_OUT' && status !== 'UNKNOWN' && !halfway) return;
  bad(state, cause, {
    seq: record.seq,
    at: record.ts,
    began: record.ts,
    why,
    of: { kind: 'deploy', ...of, job: job_id, status },
  });
}

function bad(state: IncidentsState, cause: string, trigger: Trigger): void {
  const entry = own(state.due, cause) ?? {};
  delete entry.over;
  const incident = own(state.causes, cause);
  const row = incident === undefined ? undefined : own(state.open, incident);
  if (row === undefined) {
    // The first record of the trouble is the one that counts, until it is answered.
    entry.open ??= { ...trigger, why: cut(trigger.why, 1000) };
  } else {
    row.last = Math.max(row.last, trigger.seq);
    const job = 'job' in trigger.of ? trigger.of.job : undefined;
    if (job !== undefined && row.body.job !== job && !row.links.some((link) => link.job === job))
      entry.link = job;
  }
  keep(state, cause, entry);
}

function good(
  state: IncidentsState,
  cause: string,
  record: LedgerRecord,
  why: string,
  since: number = record.ts,
): void {
  const entry = own(state.due, cause) ?? {};
  if (own(state.causes, cause) === undefined && entry.open === undefined) return;
  entry.over = { seq: record.seq, at: since, why: cut(why, 1000) };
  keep(state, cause, entry);
}

/** Forgets what is empty, and of too much the oldest. */
export function keep(state: IncidentsState, cause: string, entry: Due): void {
  if (Object.keys(entry).length === 0) {
    delete state.due[cause];
    return;
  }
  state.due[cause] = entry;
  const [oldest, ...others] = Object.keys(state.due);
  if (others.length >= MAX_DUE && oldest !== undefined) delete state.due[oldest];
}
