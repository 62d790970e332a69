import type { AlertView, SilenceView } from '../ports/alerts.ts';
import { silenceOf } from './match.ts';
import type { AlertsState, Row } from './state.ts';

/** Newest first: the open ones and what is kept of the others. */
export function alertViews(state: AlertsState, now: number): AlertView[] {
  return [...Object.values(state.open), ...state.closed]
    .toSorted((a, b) => b.seq - a.seq)
    .map((row) => viewOf(row, state, now));
}

function viewOf(row: Row, state: AlertsState, now: number): AlertView {
  return {
    ...row.body,
    state: row.resolved === null ? 'open' : 'resolved',
    raised_at: row.opened,
    resolved_at: row.resolved?.at ?? null,
    acknowledged: row.ack,
    silenced: row.resolved === null && silenceOf(row.body, state, now) !== undefined,
    told: Object.entries(row.told).map(([channel, { outcome, at }]) => ({ channel, outcome, at })),
  };
}

/** Those in force, the longest first. */
export function silenceViews(state: AlertsState, now: number): SilenceView[] {
  return Object.values(state.silences)
    .filter(({ until }) => until > now)
    .toSorted((a, b) => b.until - a.until)
    .map(({ id, match, until, by, reason, at }) => ({ id, match, until, by, reason, set_at: at }));
}
