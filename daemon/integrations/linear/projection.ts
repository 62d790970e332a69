import type { RecordBody } from '../../../contracts/record.ts';
import type { LinearChange, LinearPlace, LinearTodo, LinearWork } from '../../../contracts/records/linear.ts';
import type { Projection } from '../../ports/state.ts';

/** Issues that are remembered, the newest; those of open incidents always. */
const MAX_LINKS = 3000;
/** Ids of what was done, heard and said, so that it is known when it comes again. */
const MAX_RECENT = 2000;
const MAX_ODD = 100;
const MAX_WROTE = 500;
const MAX_TODOS = 20_000;

export interface Link {
  incident: string;
  issue: string;
  identifier: string | null;
  url: string | null;
  /** User of Linear that Reeve assigned last. */
  assigned: string | null;
  /** Whether it is closed in Linear, as far as we did it or heard of it. */
  closed?: boolean;
  /** Where it is in Linear, as far as we heard; absent: in sight. */
  place?: LinearPlace;
  /** As of when each of these is known, ms by Linear's clock. */
  known?: Partial<Record<LinearChange, number>>;
}

/** The issue of a TODO. */
export interface TodoEntry extends LinearTodo {
  issue: string;
  identifier: string | null;
  url: string | null;
  /** Digest of what we wrote, as it stands there. */
  as: string | null;
  /** How often it was told of since. */
  turns: number;
  /** Why it says something else there. */
  conflict: string | null;
}

export type Waiting = RecordBody<'linear.queued'> & { since: number };

/** A change of an issue that we made: what Linear tells of between the two times is that. */
export interface Wrote {
  issue: string;
  work: Exclude<LinearWork, { kind: 'issue' | 'comment' }>;
  /** Queued, and done, ms. */
  since: number;
  at: number;
}

export interface LinearState {
  /** Records before it were looked at; null: never. */
  upto: number | null;
  /** By op, oldest first. */
  waiting: Record<string, Waiting>;
  /** By incident. */
  links: Record<string, Link>;
  /** Issue → incident. */
  incidents: Record<string, string>;
  /** Issues that are ours and no incident's: actions and what was captured. */
  others: Record<string, { identifier: string | null; url: string | null }>;
  /** By issue: every TODO that has one. */
  todos: Record<string, TodoEntry>;
  /** Ops, comments and deliveries. */
  recent: string[];
  /** The newest. */
  wrote: Wrote[];
  odd: { at: number; what: string; why: string; incident: string | null }[];
}

export const linearProjection: Projection<LinearState> = {
  name: 'linear',
  version: 5,
  initial: () => ({
    upto: null,
    waiting: {},
    links: {},
    incidents: {},
    others: {},
    todos: {},
    recent: [],
    wrote: [],
    odd: [],
  }),
  apply(state, record) {
    switch (record.type) {
      case 'linear.looked':
        state.upto = Math.max(state.upto ?? 0, record.body.upto);
        break;
      case 'linear.queued':
        queued(state, record.body, record.ts);
        break;
      case 'linear.done':
        done(state, record.body, record.ts);
        break;
      case 'linear.heard': {
        const { of = 0, delivery, seen, issue, incident, did, why, closed, place } = record.body;
        const { identifier = null, url = null } = record.body;
        state.upto = Math.max(state.upto ?? 0, of);
        for (const id of [delivery, seen]) if (id !== undefined) remember(state, id);
        const known = state.links[incident ?? ''];
        if (known !== undefined && closed !== undefined) known.closed = closed;
        if (known !== undefined && place !== undefined) known.place = place;
        if (did === 'opened' && incident !== undefined)
          link(state, { incident, issue, identifier, url, assigned: null });
        if (did === 'conflict' || did === 'refused')
          odd(state, { at: record.ts, what: identifier ?? issue, why, incident: incident ?? null });
        break;
      }
      case 'linear.known': {
        const { incident, of, at } = record.body;
        const known = state.links[incident];
        if (known !== undefined) known.known = { ...known.known, [of]: Math.max(known.known?.[of] ?? 0, at) };
        break;
      }
    }
    return state;
  },
};

function queued(state: LinearState, body: RecordBody<'linear.queued'>, since: number): void {
  const { op, of, issue, incident, todo, work } = body;
  // The record that asked for it may ask for more, so it is looked at again after a crash.
  if (of !== undefined) state.upto = Math.max(state.upto ?? 0, of);
  state.waiting[op] = { ...body, since };
  if (work.kind === 'comment') remember(state, work.comment);
  if (todo !== undefined) {
    tracked(state, issue, todo);
    return;
  }
  if (work.kind !== 'issue') return;
  if (work.purpose === 'incident' && incident !== undefined)
    link(state, { incident, issue, identifier: null, url: null, assigned: work.assignee ?? null });
  else {
    state.others[issue] = { identifier: null, url: null };
    dropOldest(state.others, MAX_RECENT);
  }
}

function tracked(state: LinearState, issue: string, todo: LinearTodo): void {
  const { identifier = null, url = null, as = null, turns = 0, conflict = null } = state.todos[issue] ?? {};
  state.todos[issue] = { ...todo, issue, identifier, url, as, turns: turns + 1, conflict };
  dropOldest(state.todos, MAX_TODOS);
}

function done(
  state: LinearState,
  { op, outcome, identifier, url, as, why }: RecordBody<'linear.done'>,
  at: number,
): void {
  const waiting = state.waiting[op];
  if (waiting === undefined) return;
  delete state.waiting[op];
  remember(state, op);
  const { issue, incident, work, since } = waiting;
  if (outcome === 'done' && work.kind !== 'issue' && work.kind !== 'comment') {
    // The words themselves are long, and say nothing here.
    const brief = work.kind === 'revise' ? { ...work, title: '', body: '' } : work;
    state.wrote.push({ issue, work: brief, since, at });
    if (state.wrote.length > MAX_WROTE) state.wrote.shift();
  }
  const todo = state.todos[issue];
  const known = state.links[state.incidents[issue] ?? ''] ?? state.others[issue] ?? todo;
  if (todo !== undefined && as !== undefined) todo.as = as;
  if (todo !== undefined && work.kind === 'revise')
    todo.conflict = outcome === 'done' ? null : (why ?? outcome);
  if (known !== undefined && identifier !== undefined) {
    known.identifier = identifier;
    known.url = url ?? null;
  }
  const linked = state.links[incident ?? ''];
  // Whoever was faster, it is closed.
  if (work.kind === 'state' && outcome !== 'gone' && linked !== undefined)
    linked.closed = work.to === 'completed' || outcome === 'conflict';
  if (work.kind === 'assign' && outcome === 'done' && linked !== undefined) linked.assigned = work.assignee;
  if (outcome !== 'done' || why !== undefined)
    odd(state, { at, what: known?.identifier ?? issue, why: why ?? outcome, incident: incident ?? null });
}

function link(state: LinearState, made: Link): void {
  state.links[made.incident] = made;
  state.incidents[made.issue] = made.incident;
  for (const dropped of dropOldest(state.links, MAX_LINKS)) delete state.incidents[dropped.issue];
}

function remember(state: LinearState, id: string): void {
  state.recent.push(id);
  if (state.recent.length >= MAX_RECENT * 2) state.recent = state.recent.slice(-MAX_RECENT);
}

function odd(state: LinearState, what: LinearState['odd'][number]): void {
  state.odd.push(what);
  if (state.odd.length > MAX_ODD) state.odd.shift();
}

/** A fifth beyond the bound before any is dropped, since looking for the oldest takes time. */
function dropOldest<T>(rows: Record<string, T>, max: number): T[] {
  const keys = Object.keys(rows);
  if (keys.length < max * 1.2) return [];
  return keys.slice(0, keys.length - max).flatMap((key) => {
    const row = rows[key];
    delete rows[key];
    return row === undefined ? [] : [row];
  });
}
