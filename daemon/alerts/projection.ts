import { MAX_OPEN_ALERTS, type AlertEvent } from '../../contracts/records/alert.ts';
import type { LedgerRecord, RecordBody } from '../../contracts/record.ts';
import { own } from '../own.ts';
import type { Projection } from '../ports/state.ts';
import { cut } from '../text.ts';
import type { AlertsState, Row, Told } from './state.ts';

/** Resolved alerts that are kept to be looked at. */
export const MAX_CLOSED = 500;
/** An alert that comes back so soon, before anybody was told that it ended, was never gone. */
export const FLAP_MS = 60_000;
/** As many alert messages of a channel are remembered with their time. */
export const MAX_RECENT = 10;
/** The alert that says that the table is full; there is always room for it. */
export const OVERFLOW_KEY = 'alerts:overflow';
/** What the table keeps of a text; the whole is in the ledger. */
const MAX_TEXT = 1000;
const RANK = { page: 3, warn: 2, info: 1 } as const;

export const rank = (severity: keyof typeof RANK): number => RANK[severity];

/** Alerts, silences and what waits to be told, as the ledger tells them. What must be sent is derived from here alone. */
export const alertsProjection: Projection<AlertsState> = {
  name: 'alerts',
  version: 2,
  initial: () => ({
    open: {},
    size: 0,
    closed: [],
    silences: {},
    waiting: {},
    recent: {},
    latest: 0,
    overflow: 0,
  }),
  apply(state, record) {
    switch (record.type) {
      case 'alert.raised':
        raised(state, record);
        break;
      case 'alert.resolved': {
        const row = own(state.open, record.body.key);
        if (row === undefined) break;
        row.resolved = { at: record.ts, why: record.body.why };
        delete state.open[record.body.key];
        state.size -= 1;
        state.closed.push(row);
        forget(state);
        break;
      }
      case 'alert.acknowledged': {
        const row = own(state.open, record.body.key);
        if (row !== undefined) row.ack = { by: record.body.by, at: record.ts, note: record.body.note };
        break;
      }
      case 'alert.silenced':
        for (const row of rowsOf(state, record.body.alerts)) row.silence = record.body.silence;
        break;
      case 'alert.queued':
        queued(state, record);
        break;
      case 'alert.delivered':
        delivered(state, record.body);
        break;
      case 'message.queued': {
        const { id, channel } = record.body;
        state.waiting[id] = { of: 'notice', id, channel, at: record.ts, notice: record.body };
        break;
      }
      case 'silence.set':
        state.silences[record.body.id] = { ...record.body, at: record.ts };
        for (const [id, { until }] of Object.entries(state.silences))
          if (until <= record.ts) delete state.silences[id];
        break;
      case 'silence.lifted':
        delete state.silences[record.body.id];
        break;
    }
    return state;
  },
};

function raised(
  state: AlertsState,
  { body: { at, ...body }, seq, ts: time }: LedgerRecord<'alert.raised'>,
): void {
  const ts = at ?? time;
  state.latest = Math.max(state.latest, ts);
  const shown = body.text.length > MAX_TEXT ? { ...body, text: cut(body.text, MAX_TEXT) } : body;
  const row = own(state.open, body.key) ?? flapping(state, body.key, ts);
  if (row === undefined) {
    if (body.key !== OVERFLOW_KEY && state.size >= MAX_OPEN_ALERTS) {
      state.overflow += 1;
      return;
    }
    const fresh: Row = {
      body: shown,
      seq,
      opened: ts,
      since: ts,
      ack: null,
      resolved: null,
      silence: null,
      told: {},
    };
    state.open[body.key] = fresh;
    state.size += 1;
    return;
  }
  // Worse than what people were told of, or what somebody has taken on, is news.
  if (rank(body.severity) > rank(row.body.severity)) {
    row.since = ts;
    row.ack = null;
    for (const told of Object.values(row.told)) [told.current, told.level] = [false, 0];
  }
  row.body = shown;
}

/** The alert with this key that ended a moment ago, opened again, if nobody is about to hear that it ended. */
function flapping(state: AlertsState, key: string, now: number): Row | undefined {
  const at = state.closed.findLastIndex((row) => row.body.key === key);
  const row = state.closed[at];
  if (row?.resolved == null || now - row.resolved.at > FLAP_MS) return undefined;
  if (Object.values(row.told).some((told) => told.ended)) return undefined;
  if (state.size >= MAX_OPEN_ALERTS) return undefined;
  state.closed.splice(at, 1);
  row.resolved = null;
  state.open[key] = row;
  state.size += 1;
  return row;
}

/** Someone must still hear that it ended. */
const pending = (row: Row): boolean =>
  Object.values(row.told).some((told) => !told.ended && (told.heard || told.outcome === 'waiting'));

function forget(state: AlertsState): void {
  if (state.size <= MAX_OPEN_ALERTS / 2) state.overflow = 0;
  if (state.closed.length <= MAX_CLOSED) return;
  const at = state.closed.findIndex((row) => !pending(row));
  if (at >= 0) state.closed.splice(at, 1);
  else if (state.closed.length > MAX_OPEN_ALERTS) state.closed.shift();
}

/** What somebody is to be woken by. */
export const isUrgent = (event: AlertEvent, rows: readonly Pick<Row, 'body'>[]): boolean =>
  (event === 'raised' || event === 'escalated') && rows.some(({ body }) => body.severity === 'page');

/** Where the messages of a channel are counted: a page does not wait for reminders, ends and lesser things. */
export const lane = (channel: string, urgent: boolean): string => (urgent ? channel : `${channel} rest`);

function queued(state: AlertsState, { body }: LedgerRecord<'alert.queued'>): void {
  const { id, channel, event, alerts, at, level = 0 } = body;
  state.latest = Math.max(state.latest, at);
  state.waiting[id] = { of: 'alerts', id, channel, at, event, alerts, level };
  const rows = rowsOf(state, alerts);
  const recent = (state.recent[lane(channel, isUrgent(event, rows))] ??= []);
  recent.push(at);
  if (recent.length > MAX_RECENT) recent.shift();
  for (const row of rows) {
    const before = own(row.told, channel);
    const told: Told = {
      message: id,
      at,
      outcome: 'waiting',
      current: event !== 'resolved' || (before?.current ?? false),
      level: Math.max(level, before?.level ?? 0),
      heard: before?.heard ?? false,
      ended: event === 'resolved',
    };
    row.told[channel] = told;
  }
}

function delivered(state: AlertsState, { message, outcome }: RecordBody<'alert.delivered'>): void {
  const waiting = own(state.waiting, message);
  if (waiting === undefined) return;
  delete state.waiting[message];
  if (waiting.of === 'notice') return;
  for (const row of rowsOf(state, waiting.alerts)) {
    const told = own(row.told, waiting.channel);
    if (told === undefined) continue;
    if (outcome === 'sent') told.heard = true;
    if (told.message === message) told.outcome = outcome;
  }
  if (waiting.event === 'resolved') forget(state);
}

/** The rows of these episodes that are still known, in their order. */
export function rowsOf(state: AlertsState, episodes: readonly number[]): Row[] {
  const wanted = new Set(episodes);
  const found = [
    ...state.closed.filter((row) => wanted.has(row.seq)),
    ...Object.values(state.open).filter((row) => wanted.has(row.seq)),
  ];
  return found.toSorted((a, b) => a.seq - b.seq);
}
