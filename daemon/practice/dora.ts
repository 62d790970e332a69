import type { DoraView, Lengths, Place } from '../ports/practice.ts';
import { isFailed } from './fold/changes.ts';
import type { Change, IncidentEntry, PracticeState } from './fold/state.ts';

const WEEK_MS = 7 * 86_400_000;

/** When a commit was made, ms; undefined where nothing tells. */
export type CommitTime = (change: Change) => number | undefined;

/**
 * The figures that DORA names, of one place and of the changes and incidents of [from, to), ms. Nothing is guessed: a
 * deployment failed when somebody linked an incident to it as its cause, or when it was rolled back; a lead time is known
 * where a commit is. (DORA, "software delivery performance metrics", 2024: change lead time, deployment frequency, change fail
 * rate, failed deployment recovery time.)
 */
export function dora(
  state: PracticeState,
  { project, env }: Place,
  [from, to]: readonly [number, number],
  commitTime: CommitTime,
): DoraView {
  const inside = (at: number | null): boolean => at !== null && at >= from && at < to;
  const here = <T extends Place>(all: Iterable<T>): T[] =>
    [...all].filter((one) => one.project === project && one.env === env);
  const tries = here(Object.values(state.changes)).filter(
    ({ action, ended }) => action !== 'rollback' && inside(ended),
  );
  const passed = tries.filter(({ status }) => status === 'PASS');
  const failed = tries.filter(isFailed);
  // One that did not pass and yet did harm was a change, too.
  const changes = passed.length + failed.filter(({ status }) => status !== 'PASS').length;
  const leads = passed.map((change) => leadOf(change, commitTime));
  const known = leads.filter((ms) => ms !== undefined);
  const incidents = here(Object.values(state.incidents));
  return {
    project,
    env,
    from,
    to,
    deployments: passed.length,
    per_week: passed.length / ((to - from) / WEEK_MS),
    not_passed: tries.length - passed.length,
    lead: { ...measured(known), unknown: leads.length - known.length },
    failed: failed.map(({ job }) => job),
    change_failure_rate: changes === 0 ? null : failed.length / changes,
    recovery: span(failed.map((change) => recoveryOf(change, state.incidents))),
    incidents: incidents.filter(({ opened }) => inside(opened)).length,
    restore: {
      ...measured(
        incidents.flatMap(({ began, ended }) => (ended !== null && inside(ended) ? [ended - began] : [])),
      ),
      open: incidents.filter(({ ended }) => ended === null).length,
    },
    complete: state.changes_cut < from && state.incidents_cut < from,
  };
}

/** From the commit to the end of the deployment; a clock that puts the commit after it tells nothing. */
function leadOf(change: Change, commitTime: CommitTime): number | undefined {
  const at = change.commit_at ?? commitTime(change);
  const ms = at === undefined || change.ended === null ? undefined : change.ended - at;
  return ms !== undefined && ms >= 0 ? ms : undefined;
}

/**
 * From the beginning of the first incident it caused to the end of the last; of one that was rolled back without any, from
 * its end to that of the rollback. Null while an incident goes on, or where its record is no longer kept.
 */
function recoveryOf({ incidents, undone, ended }: Change, known: PracticeState['incidents']): number | null {
  if (incidents.length === 0) return undone === null || ended === null ? null : undone.at - ended;
  const found = incidents.map((id): IncidentEntry | undefined =>
    Object.hasOwn(known, id) ? known[id] : undefined,
  );
  const ends = found.map((incident) => incident?.ended ?? null);
  if (ends.includes(null)) return null;
  return Math.max(...ends.map((at) => at ?? 0)) - Math.min(...found.map((one) => one?.began ?? Infinity));
}

function measured(all: readonly number[]): Lengths {
  const sorted = all.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return {
    count: sorted.length,
    median: sorted.length === 0 ? null : sorted.length % 2 === 1 ? high : (low + high) / 2,
    longest: sorted.at(-1) ?? null,
  };
}

const span = (all: readonly (number | null)[]): Lengths & { open: number } => {
  const known = all.filter((ms) => ms !== null);
  return { ...measured(known), open: all.length - known.length };
};
