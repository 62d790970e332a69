import type { Projection } from '../ports/state.ts';

/** When the daemon was not there, and which slots fell into that time. */
export interface DowntimeState {
  /** Time of the newest record, ms. */
  seen: number;
  /** The newest absence: from the last record before a start to that start; null before the second start. */
  last: { from: number; to: number } | null;
  /** The same, begun earlier when what an absence before it had missed has not run yet. */
  gap: { from: number; to: number } | null;
  /** Schedule → slots of that time that did not run, until a later slot of the schedule has run. */
  missed: Record<string, number>;
}

/** The last absence of the daemon as the ledger tells it. */
export const downtime: Projection<DowntimeState> = {
  name: 'downtime',
  version: 5,
  initial: () => ({ seen: 0, last: null, gap: null, missed: {} }),
  apply(state, record) {
    if (record.type === 'daemon.started') {
      // A second absence before what was missed in the first has run: both are told as one.
      const owed = Object.keys(state.missed).length > 0 ? state.gap : null;
      const from = record.body.absent_since ?? state.seen;
      state.last = from === 0 ? null : { from, to: record.ts };
      state.gap = state.last === null ? null : { ...state.last, from: owed?.from ?? state.last.from };
    } else if (record.type === 'schedule.slot' && state.gap !== null) {
      const { schedule, slot, until = slot, count = until > slot ? 2 : 1, outcome, backfill } = record.body;
      const inside = slot > state.gap.from && slot <= state.gap.to;
      if (outcome === 'ran' && backfill === undefined && (slot > state.gap.to || inside))
        delete state.missed[schedule];
      else if (inside && outcome === 'skipped')
        state.missed[schedule] = (state.missed[schedule] ?? 0) + count;
    }
    // Written by a start before it is one.
    if (record.type !== 'ledger.repaired') state.seen = record.ts;
    return state;
  },
};
