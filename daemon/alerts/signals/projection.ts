import { isTerminal } from '../../../contracts/job.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import type { AlertBody } from '../../../contracts/records/alert.ts';
import { cut } from '../../text.ts';
import { own } from '../../own.ts';
import type { Projection } from '../../ports/state.ts';
import { signalsOf, type JobNote } from './table.ts';

/** Jobs that may still end, and jobs whose outcome nobody knows. */
const MAX_JOBS = 2000;
const MAX_DUE = 1000;

export interface SignalsState {
  jobs: Record<string, JobNote>;
  running: boolean;
  /** Keys of Reeve's own alerts that are open. */
  open: Record<string, true>;
  /** What is not yet recorded as an alert: raised (with its body), or over (with why). By key. */
  due: Record<string, { raise: AlertBody } | { why: string }>;
}

/**
 * What must be raised about Reeve's own doings and is not raised yet. As a fold it outlives a crash between the record
 * that means trouble and the alert about it.
 */
export const signalsProjection: Projection<SignalsState> = {
  name: 'signals',
  version: 1,
  initial: () => ({ jobs: {}, running: false, open: {}, due: {} }),
  apply(state, record) {
    if (record.type === 'job.queued') remember(state, record);
    if (record.type === 'alert.raised') raised(state, record.body.key);
    if (record.type === 'alert.resolved') {
      delete state.open[record.body.key];
      const due = own(state.due, record.body.key);
      if (due !== undefined && 'why' in due) delete state.due[record.body.key];
    }
    for (const signal of signalsOf(record, { job: (id) => own(state.jobs, id), running: state.running })) {
      if ('raise' in signal) set(state, signal.raise.key, { raise: signal.raise });
      else if (own(state.open, signal.clear)) set(state, signal.clear, { why: cut(signal.why, 480) });
      else delete state.due[signal.clear];
    }
    if (record.type === 'job.attempt') forget(state, record);
    if (record.type === 'job.resolved') delete state.jobs[record.body.job_id];
    if (record.type === 'daemon.started') state.running = true;
    if (record.type === 'daemon.stopped') state.running = false;
    return state;
  },
};

function remember({ jobs }: SignalsState, { body }: LedgerRecord<'job.queued'>): void {
  const { job, title } = body;
  // A heal is told with its incident.
  if (job.anchor.kind === 'incident') return;
  jobs[job.job_id] = {
    runbook: job.runbook,
    action: job.action,
    project: job.project,
    env: job.env,
    title: title ?? job.runbook,
    unattended: job.requested_by === 'daemon',
    parent: job.parent !== undefined,
  };
  if (Object.keys(jobs).length <= MAX_JOBS) return;
  const [oldest] = Object.keys(jobs);
  if (oldest !== undefined) delete jobs[oldest];
}

/** A job that has ended for good is forgotten; one with an unknown outcome when somebody has resolved it. */
function forget({ jobs }: SignalsState, { body }: LedgerRecord<'job.attempt'>): void {
  const { status, job_id } = body.attempt;
  const over = isTerminal(status) && status !== 'UNKNOWN' && body.retry_at === undefined;
  // A failed one may be retried by a person; its success then ends the alert.
  if (over && (status === 'PASS' || status === 'SKIPPED')) delete jobs[job_id];
}

function raised(state: SignalsState, key: string): void {
  const due = own(state.due, key);
  if (due === undefined || !('raise' in due)) return;
  delete state.due[key];
  state.open[key] = true;
}

function set(state: SignalsState, key: string, due: SignalsState['due'][string]): void {
  delete state.due[key];
  state.due[key] = due;
  const keys = Object.keys(state.due);
  if (keys.length > MAX_DUE && keys[0] !== undefined) delete state.due[keys[0]];
}
