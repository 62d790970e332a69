import type { Projection } from '../ports/state.ts';

/** When the daemon was not there, and which slots fell into that time. */
export interface DowntimeState {
  /** Time of the newest record, ms. */
  seen: number;
  /** The newest absence: from the last record before a start to that start; null before the second start. */
  gap: { from: number; to: number } | null;
  /** Schedule → slots of that time that did not run, until a later slot of the schedule has run. */
  missed: Record<string, number>;
}

/** The last absence of the daemon as the ledger tells it. */
export const downtime: Projection<DowntimeState> = {
  name: 'downtime',
  version: 1,
  initial: () => ({ seen: 0, gap: null, missed: {} }),
  apply(state, record) {
    if (record.type === 'daemon.started') {
      state.gap = state.seen === 0 ? null : { from: state.seen, to: record.ts };
      state.missed = {};
    } else if (record.type === 'schedule.slot' && state.gap !== null) {
      const { schedule, slot, until = slot, outcome, backfill } = record.body;
      const inside = slot > state.gap.from && slot <= state.gap.to;
      if (outcome === 'ran' && backfill === undefined && (slot > state.gap.to || inside))
        delete state.missed[schedule];
      else if (inside && outcome === 'skipped')
        state.missed[schedule] = (state.missed[schedule] ?? 0) + (until > slot ? 2 : 1);
    } else if (record.type === 'schedule.defined') delete state.missed[record.body.schedule];
    state.seen = record.ts;
    return state;
  },
};
