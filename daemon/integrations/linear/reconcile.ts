import { fail } from '../../../contracts/errors.ts';
import type { LinearSpec } from '../../../contracts/estate/integrations.ts';
import { own } from '../../own.ts';
import type { Clock } from '../../ports/clock.ts';
import type { IncidentView } from '../../ports/incidents.ts';
import type { LinearReconcile, LinearReconciled } from '../../ports/linear.ts';
import type { LinearApi } from './api.ts';
import { MAX_DETAILS, type Changed, type Detail, type Said } from './changes.ts';
import { Hearer, type Heard, type HearDeps } from './hear.ts';
import { commentDelivery, missedOf, movedDelivery } from './missed.ts';
import { toKnow } from './order.ts';
import { LinearProblem } from './problem.ts';
import type { LinearState, Link } from './projection.ts';

/** Without a cursor this much is looked at, ms. */
const FIRST = 86_400_000;
/** Changes that Linear shows a little later than they were made, ms. */
const OVERLAP = 120_000;
/** A pause for the budget that a job waits out, ms. */
const PATIENCE = 60_000;

export interface ReconcileDeps {
  clock: Pick<Clock, 'now' | 'after'>;
  open(): Promise<LinearApi>;
  /** How long the budget asks to wait, ms. */
  wait(): number;
  opens(): LinearSpec['opens'];
  state(): LinearState;
  hear: HearDeps;
  /** Runs it when nothing else is heard of Linear. */
  alone<T>(work: () => Promise<T>): Promise<T>;
  record(heard: Heard, seen: string): Promise<void>;
}

type Found = { at: number; key: string } & ({ issue: string } | { comment: Said });

/**
 * Reads what changed in Linear and does what the deliveries would have done that did not come. What was heard before comes
 * to nothing. Oldest first, so that whoever is stopped goes on from the cursor.
 */
export async function reconcile(deps: ReconcileDeps, ask: LinearReconcile): Promise<LinearReconciled> {
  const result: LinearReconciled = { looked: 0, heard: [] };
  const hearer = new Hearer(ask.dryRun ? dry(deps.hear) : deps.hear);
  /** Judged as deliveries are, and never between two of them. */
  const hear = async (key: string, deliveries: () => readonly object[]): Promise<void> => {
    const told = await deps.alone(async () => {
      const heard: Heard[] = [];
      for (const delivery of deliveries()) heard.push(...(await hearer.hear(delivery)));
      if (!ask.dryRun) for (const each of heard) await deps.record(each, key);
      return heard;
    });
    for (const { did, why, identifier, issue, incident = '' } of told) {
      const what = identifier ?? own(deps.state().links, incident)?.identifier ?? issue;
      result.heard.push({ what, did, why });
      const how = did === 'conflict' || did === 'moved' ? `told as ${did}` : did;
      const reason = why.startsWith(`${what} `) ? why.slice(what.length + 1) : why;
      await ask.log(`${what}: ${ask.dryRun ? `would be ${how}` : did}, ${reason}\n`);
    }
  };
  try {
    const { changes } = await deps.open();
    const before = (): Promise<void> => pace(deps, ask.signal);
    const read = async (ids: readonly string[]): Promise<Map<string, Detail>> => {
      if (ids.length === 0) return new Map();
      return new Map((await changes.details(ids, before)).map((one) => [one.id, one]));
    };
    const since = ask.since ?? deps.clock.now() - FIRST;
    const from = ask.exact ? since : since - OVERLAP;
    const label = deps.opens()?.label;
    const found = order(
      deps,
      ask,
      await changes.issues(from, undefined, before),
      label === undefined ? [] : await changes.issues(from, label, before),
      await changes.comments(from, before),
    );
    await ask.log(`${found.length} to look at, since ${new Date(from).toISOString()}\n`);
    for (const part of parts(found)) {
      ask.signal.throwIfAborted();
      const details = await read(part.flatMap((one) => ('issue' in one ? [one.issue] : [])));
      for (const one of part) {
        result.looked += 1;
        await hear(one.key, () => {
          if ('comment' in one) return [commentDelivery(one.comment)];
          const detail = details.get(one.issue);
          const incident = incidentOf(deps, one.issue);
          return detail === undefined
            ? []
            : missedOf(detail, incident, { state: deps.state(), opens: deps.opens() });
        });
        const detail = 'issue' in one ? details.get(one.issue) : undefined;
        if (detail !== undefined && !ask.dryRun) await deps.alone(() => know(deps, detail));
      }
      await ask.log(`progress ${result.looked}/${found.length}\n`);
      await ask.reached(part.at(-1)?.at ?? since);
    }
    // What was archived or deleted is in no list of changes: those that should be there are asked for.
    for (const part of parts(expected(deps, ask))) {
      ask.signal.throwIfAborted();
      const details = await read(part.map(({ issue }) => issue));
      for (const link of part) {
        const moved = movedDelivery(link, details.get(link.issue));
        if (moved !== undefined) await hear(`${link.issue}@moved`, () => [moved]);
      }
    }
    return result;
  } catch (error) {
    if (!(error instanceof LinearProblem)) throw error;
    throw fail('LINEAR_UNREAD', { why: error.message }, { cause: error });
  }
}

function* parts<T>(all: readonly T[]): Generator<T[]> {
  for (let at = 0; at < all.length; at += MAX_DETAILS) yield all.slice(at, at + MAX_DETAILS);
}

/** Issues of open incidents that Linear has taken, and of which nobody said that they are no more. */
function expected(deps: ReconcileDeps, { project }: LinearReconcile): Link[] {
  return Object.values(deps.state().links).filter((link) => {
    if (link.identifier === null || link.place === 'deleted') return false;
    const incident = incidentOf(deps, link.issue);
    const isOpen = incident?.state === 'open' || incident?.state === 'acknowledged';
    return isOpen && (project === undefined || incident.project === project);
  });
}

/** Deliveries of what was changed before it was looked at come too late. */
async function know(deps: ReconcileDeps, { id: issue, updatedAt }: Detail): Promise<void> {
  const incident = incidentOf(deps, issue);
  if (incident?.state !== 'open' && incident?.state !== 'acknowledged') return;
  for (const what of ['assignee', 'state'] as const) {
    const known = toKnow(deps.state(), { issue, incident: incident.id }, what, updatedAt);
    if (known !== undefined) await deps.hear.know(known);
  }
}

/** What concerns us of it, oldest first, and what was not looked at as it is now. */
function order(
  deps: ReconcileDeps,
  { project }: LinearReconcile,
  changed: readonly Changed[],
  labelled: readonly Changed[],
  comments: readonly Said[],
): Found[] {
  const { incidents, recent, others } = deps.state();
  const known = new Set(recent);
  const opens = deps.opens();
  const isMine = (issue: string): boolean => {
    if (own(incidents, issue) === undefined) return false;
    const incident = incidentOf(deps, issue);
    return incident !== undefined && (project === undefined || incident.project === project);
  };
  const fresh = opens === undefined || (project !== undefined && opens.project !== project) ? [] : labelled;
  const issues = [
    ...changed.filter(({ id }) => isMine(id)),
    ...fresh.filter(({ id }) => own(incidents, id) === undefined && own(others, id) === undefined),
  ];
  const all: Found[] = [
    ...issues.map(({ id, updatedAt }) => ({ at: updatedAt, key: `${id}@${updatedAt}`, issue: id })),
    ...comments
      // What we said ourselves is known.
      .filter(({ id, issue }) => issue != null && !known.has(id) && isMine(issue.id))
      .map((comment) => ({ at: comment.createdAt, key: `${comment.id}@${comment.createdAt}`, comment })),
  ];
  return all.filter(({ key }) => !known.has(key)).toSorted((a, b) => a.at - b.at);
}

function incidentOf(deps: ReconcileDeps, issue: string): IncidentView | undefined {
  const id = own(deps.state().incidents, issue);
  if (id === undefined) return undefined;
  try {
    return deps.hear.incidents.get(id);
  } catch {
    return undefined;
  }
}

/** Waits for the budget; not for long, since the cursor goes on where it stops. */
async function pace({ clock, wait }: ReconcileDeps, signal: AbortSignal): Promise<void> {
  const ms = wait();
  if (ms > PATIENCE)
    throw new LinearProblem('limited', `the budget of requests is spent for ${Math.ceil(ms / 60_000)} min`);
  if (ms === 0) return;
  await new Promise<void>((resolve, reject) => {
    const end = (): void => {
      cancel();
      reject(signal.reason as Error);
    };
    const cancel = clock.after(ms, () => {
      signal.removeEventListener('abort', end);
      resolve();
    });
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Judges everything, and changes nothing. */
const dry = (hear: HearDeps): HearDeps => ({
  ...hear,
  know: () => Promise.resolve(),
  incidents: {
    get: (...given) => hear.incidents.get(...given),
    said: (...given) => hear.incidents.said(...given),
    open: () => Promise.resolve({ id: `inc_${'0'.repeat(16)}`, existing: false }),
    acknowledge: () => Promise.resolve(),
    note: () => Promise.resolve(),
    resolve: () => Promise.resolve(),
  },
});
