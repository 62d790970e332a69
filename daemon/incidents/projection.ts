import type { LedgerRecord } from '../../contracts/record.ts';
import { own } from '../own.ts';
import type { Projection } from '../ports/state.ts';
import { cut } from '../text.ts';
import { keep, noteTrouble } from './due.ts';
import { noteHealing } from './heal-fold.ts';
import {
  MAX_CLOSED,
  MAX_LINKS,
  MAX_NOTED,
  activeHeal,
  type IncidentRow,
  type IncidentsState,
} from './state.ts';

/** What the fold keeps of a text; the whole is in the ledger. */
const MAX_TEXT = 1000;

/** Incidents, what asks for one, and healing, as the ledger tells them. What must be done follows from here alone. */
export const incidentsProjection: Projection<IncidentsState> = {
  name: 'incidents',
  version: 3,
  initial: () => ({
    open: {},
    causes: {},
    size: 0,
    closed: [],
    due: {},
    rules: {},
    jobs: {},
    opened: {},
    healed: {},
  }),
  apply(state, record) {
    noteTrouble(state, record);
    noteHealing(state, record, (id) => rowOf(state, id));
    if (record.type.startsWith('incident.')) noteIncident(state, record);
    else if (record.type.startsWith('alert.')) noteAlert(state, record);
    return state;
  },
};

/** An incident that is remembered. */
export const rowOf = (state: IncidentsState, id: string): IncidentRow | undefined =>
  own(state.open, id) ?? state.closed.findLast(({ body }) => body.id === id);

/** The open incident of a cause. */
export function openOf(state: IncidentsState, cause: string): IncidentRow | undefined {
  const id = own(state.causes, cause);
  return id === undefined ? undefined : own(state.open, id);
}

/** Whether anything waits to be done, so that whoever does it must be there. */
export const isBusy = (state: IncidentsState): boolean =>
  state.size > 0 ||
  Object.keys(state.due).length > 0 ||
  state.closed.some((row) => !isFinished(row) || activeHeal(row) !== undefined);

/** Of a resolved incident: its alert is over and its postmortem is written. */
export const isFinished = ({ alert, drafted }: IncidentRow): boolean =>
  drafted && (alert === 'over' || alert === 'none');

function noteIncident(state: IncidentsState, record: LedgerRecord): void {
  if (record.type === 'incident.opened') return opened(state, record);
  if (record.type === 'incident.reopened') return reopened(state, record);
  if (record.type === 'incident.resolved') return resolved(state, record);
  const row = 'id' in record.body ? rowOf(state, String(record.body.id)) : undefined;
  if (row === undefined) return;
  row.last = record.seq;
  switch (record.type) {
    case 'incident.acknowledged':
      row.ack ??= { by: record.body.by, at: record.ts, note: cut(record.body.note, MAX_TEXT) };
      break;
    case 'incident.noted': {
      const { interaction } = record.body;
      if (interaction !== undefined) row.noted = [...(row.noted ?? []), interaction].slice(-MAX_NOTED);
      break;
    }
    case 'incident.linked': {
      const { kind, job, incident } = record.body;
      row.links.push({
        kind,
        ...(job === undefined ? {} : { job }),
        ...(incident === undefined ? {} : { incident }),
      });
      if (row.links.length > MAX_LINKS) row.links.shift();
      const due = own(state.due, row.body.cause);
      if (due === undefined || due.link !== job) break;
      delete due.link;
      keep(state, row.body.cause, due);
      break;
    }
    case 'incident.reviewed': {
      const { by, summary, actions } = record.body;
      row.review = { seq: record.seq, at: record.ts, by, summary, actions };
      row.drafted = false;
      break;
    }
    case 'incident.postmortem': {
      const { artifact, path, final } = record.body;
      row.postmortem = { artifact, path, final };
      row.drafted = final || row.review === null;
      break;
    }
    default:
  }
}

function opened(state: IncidentsState, { body, seq, ts }: LedgerRecord<'incident.opened'>): void {
  if (rowOf(state, body.id) !== undefined || openOf(state, body.cause) !== undefined) return;
  const trigger = own(state.due, body.cause)?.open;
  const row: IncidentRow = {
    body: { ...body, text: cut(body.text, MAX_TEXT) },
    seq,
    from: trigger?.seq ?? seq,
    last: seq,
    opened: ts,
    since: ts,
    reopened: 0,
    ack: null,
    resolved: null,
    review: null,
    links: [],
    runs: 0,
    heals: [],
    decision: null,
    alert: 'none',
    drafted: false,
    postmortem: null,
  };
  state.opened[body.source] = (state.opened[body.source] ?? 0) + 1;
  toOpen(state, row);
}

function reopened(state: IncidentsState, { body, seq, ts }: LedgerRecord<'incident.reopened'>): void {
  const at = state.closed.findLastIndex((row) => row.body.id === body.id);
  const row = state.closed[at];
  if (row === undefined || openOf(state, row.body.cause) !== undefined) return;
  state.closed.splice(at, 1);
  Object.assign(row, { resolved: null, review: null, ack: null, drafted: false, decision: null });
  Object.assign(row, { last: seq, since: ts, reopened: row.reopened + 1 });
  toOpen(state, row);
}

function toOpen(state: IncidentsState, row: IncidentRow): void {
  const { id, cause } = row.body;
  state.open[id] = row;
  // Causes are made by us and begin with a word and a colon; as an own property whatever they are.
  Object.defineProperty(state.causes, cause, {
    value: id,
    enumerable: true,
    writable: true,
    configurable: true,
  });
  state.size += 1;
  const due = own(state.due, cause);
  if (due === undefined) return;
  delete due.open;
  keep(state, cause, due);
}

function resolved(state: IncidentsState, { body, seq, ts }: LedgerRecord<'incident.resolved'>): void {
  const row = own(state.open, body.id);
  if (row === undefined) return;
  const { by, why, ended } = body;
  row.last = seq;
  row.resolved = { seq, at: ts, by, why: cut(why, MAX_TEXT), ended };
  row.drafted = false;
  delete state.open[body.id];
  delete state.causes[row.body.cause];
  delete state.due[row.body.cause];
  state.size -= 1;
  state.closed.push(row);
  if (state.closed.length <= MAX_CLOSED) return;
  const at = state.closed.findIndex((one) => isFinished(one) && activeHeal(one) === undefined);
  if (at >= 0) state.closed.splice(at, 1);
  // What cannot be finished (no room for its postmortem) does not pile up without end either.
  else if (state.closed.length > 4 * MAX_CLOSED) state.closed.shift();
}

function noteAlert(state: IncidentsState, record: LedgerRecord): void {
  const key = 'key' in record.body ? record.body.key : undefined;
  if (record.type === 'alert.delivered') {
    for (const one of record.body.keys) {
      const row = one.startsWith('incident:') ? rowOf(state, one.slice(9)) : undefined;
      if (row !== undefined) row.last = record.seq;
    }
  }
  const row = key?.startsWith('incident:') === true ? rowOf(state, key.slice(9)) : undefined;
  if (row === undefined) return;
  row.last = record.seq;
  if (record.type === 'alert.raised') {
    if (row.alert !== 'taken') row.alert = 'open';
  } else if (record.type === 'alert.resolved') row.alert = 'over';
  else if (record.type === 'alert.acknowledged') {
    row.alert = 'taken';
    row.ack ??= { by: record.body.by, at: record.ts, note: cut(record.body.note, MAX_TEXT) };
  }
}
