import type { Mandate } from '../../contracts/records/config.ts';
import type { Projection } from '../ports/state.ts';

export interface MandateRow {
  /** As it was accepted. */
  mandate: Mandate;
  by: string;
  /** ms since the epoch. */
  at: number;
  first_start: boolean;
  /** Null while it may be used. */
  suspended: { at: number; why: string; now: string | null } | null;
}

/** Mandate id → what was accepted, and whether it is suspended since. */
export const mandatesProjection: Projection<Record<string, MandateRow>> = {
  name: 'mandates',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type === 'mandate.accepted') {
      const { mandate, by, first_start } = record.body;
      state[mandate.id] = { mandate, by, at: record.ts, first_start, suspended: null };
    } else if (record.type === 'mandate.suspended') {
      const { id, why, now } = record.body;
      const row = Object.hasOwn(state, id) ? state[id] : undefined;
      if (row !== undefined) state[id] = { ...row, suspended: { at: record.ts, why, now } };
    }
    return state;
  },
};
