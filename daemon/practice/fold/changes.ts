import { isTerminal } from '../../../contracts/job.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { LedgerRecord } from '../../../contracts/record.ts';
import { own } from '../../own.ts';
import { MAX_CHANGES, type Change, type PracticeState } from './state.ts';

const ACTIONS: readonly string[] = ['deploy', 'promote', 'rollback'] satisfies Change['action'][];
const MAX_LINKS = 50;

const isDeployment = ({ action }: Change): boolean => action !== 'rollback';
/** It went in and was wrong: somebody linked an incident to it, or it was rolled back. */
export const isFailed = ({ incidents, undone }: Change): boolean => incidents.length > 0 || undone !== null;

export function queued(state: PracticeState, { ts, body: { job } }: LedgerRecord<'job.queued'>): void {
  if (!ACTIONS.includes(job.action)) return;
  const parent = job.parent === undefined ? undefined : own(state.changes, job.parent);
  // A deployment made of others in the same place is one.
  if (parent?.project === job.project && parent.env === job.env) return;
  const change: Change = {
    job: job.job_id,
    action: job.action as Change['action'],
    project: job.project,
    env: job.env,
    runbook: job.runbook,
    queued: ts,
    status: 'QUEUED',
    ended: null,
    incidents: [],
    undone: null,
  };
  state.changes[job.job_id] = change;
  readCommit(change, job.inputs);
  const jobs = Object.keys(state.changes);
  if (jobs.length <= MAX_CHANGES) return;
  const oldest = jobs[0] ?? '';
  state.changes_cut = Math.max(state.changes_cut, state.changes[oldest]?.ended ?? 0);
  delete state.changes[oldest];
}

export function attempted(state: PracticeState, { ts, body }: LedgerRecord<'job.attempt'>): void {
  const change = own(state.changes, body.attempt.job_id);
  // What has passed has been deployed, whatever is done with its job later.
  if (change === undefined || change.status === 'PASS') return;
  const { status } = body.attempt;
  change.status = status;
  change.ended = isTerminal(status) ? ts : null;
  if (body.outputs !== undefined) readCommit(change, body.outputs);
  if (status === 'PASS') passed(state, change);
}

export function resolvedAs(state: PracticeState, { ts, body }: LedgerRecord<'job.resolved'>): void {
  const change = own(state.changes, body.job_id);
  if (change === undefined || change.status === 'PASS') return;
  change.status = body.as;
  change.ended ??= ts;
  if (body.as === 'PASS') passed(state, change);
}

/** Somebody says that this job caused an incident. */
export function blamed(state: PracticeState, job: string, incident: string): void {
  const change = own(state.changes, job);
  if (change === undefined || !isDeployment(change) || change.incidents.includes(incident)) return;
  fails(state, change);
  if (change.incidents.length < MAX_LINKS) change.incidents.push(incident);
}

function passed(state: PracticeState, change: Change): void {
  if (isDeployment(change)) {
    totals(state, change).passed += 1;
    return;
  }
  // A rollback goes back to the release before, so it undoes the newest deployment there. When that is undone already, a
  // further one goes back and forth between the same two.
  const before = Object.values(state.changes)
    .filter((one) => isDeployment(one) && one.status === 'PASS')
    .filter((one) => one.project === change.project && one.env === change.env)
    .reduce<Change | undefined>((a, b) => ((a?.ended ?? -1) > (b.ended ?? -1) ? a : b), undefined);
  if (before === undefined || before.undone !== null) return;
  fails(state, before);
  before.undone = { job: change.job, at: change.ended ?? 0 };
}

function fails(state: PracticeState, change: Change): void {
  if (!isFailed(change)) totals(state, change).failed += 1;
}

function totals(state: PracticeState, { project, env }: Change): { passed: number; failed: number } {
  return (state.totals[`${project}/${env}`] ??= { passed: 0, failed: 0 });
}

/**
 * `commit`: 7 to 64 hex digits. `commit_time`: RFC 3339, or Unix time in seconds (10 digits, as Git prints `%ct`) or
 * milliseconds (13 digits). Anything else is not understood and left out.
 */
function readCommit(change: Change, values: JsonObject): void {
  const { commit, commit_time: time } = values;
  if (typeof commit === 'string' && /^[0-9a-f]{7,64}$/.test(commit)) change.commit = commit;
  const at = typeof time === 'number' || typeof time === 'string' ? instant(String(time)) : undefined;
  if (at !== undefined) change.commit_at = at;
}

function instant(text: string): number | undefined {
  if (/^\d{10}$/.test(text)) return Number(text) * 1000;
  if (/^\d{13}$/.test(text)) return Number(text);
  if (!/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)$/.test(text)) return undefined;
  const at = Date.parse(text.replace(' ', 'T').replace(/([+-]\d\d)(\d\d)$/, '$1:$2'));
  return Number.isNaN(at) ? undefined : at;
}

/** Deployments that ended in [from, to) and name a commit, but not when it was made. */
export const changesWithCommit = (state: PracticeState, from: number, to: number): Change[] =>
  Object.values(state.changes).filter(
    (change) =>
      isDeployment(change) &&
      change.commit !== undefined &&
      change.commit_at === undefined &&
      change.ended !== null &&
      change.ended >= from &&
      change.ended < to,
  );
