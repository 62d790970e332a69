import type { RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

export interface ScheduleState {
  /** Digest of the definition in force, and since when. */
  digest: string;
  since: number;
  /** Highest slot that was claimed or has its record; 0 before the first. */
  high: number;
  /** Claimed slots whose outcome is not recorded, ascending. */
  open: number[];
  /** The newest recorded slot, and when it was recorded. */
  last: (RecordBody<'schedule.slot'> & { at: number }) | null;
}

export type SchedulesState = Record<string, ScheduleState>;

/** Where each schedule stands. Slots of one schedule are claimed and recorded in order. */
export const schedules: Projection<SchedulesState> = {
  name: 'schedules',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    switch (record.type) {
      case 'schedule.defined': {
        const known = entry(state, record.body.schedule);
        known.digest = record.body.digest;
        known.since = record.ts;
        break;
      }
      case 'schedule.claimed': {
        const known = entry(state, record.body.schedule);
        known.high = Math.max(known.high, record.body.slot);
        known.open.push(record.body.slot);
        break;
      }
      case 'schedule.slot': {
        const { schedule, slot, until = slot } = record.body;
        const known = entry(state, schedule);
        known.high = Math.max(known.high, until);
        known.open = known.open.filter((open) => open !== slot);
        known.last = { ...record.body, at: record.ts };
        break;
      }
    }
    return state;
  },
};

/** What is known of a schedule; undefined before its definition is recorded. */
export const scheduleState = (state: SchedulesState, name: string): ScheduleState | undefined =>
  Object.hasOwn(state, name) ? state[name] : undefined;

function entry(state: SchedulesState, name: string): ScheduleState {
  const known = scheduleState(state, name);
  if (known !== undefined) return known;
  const fresh: ScheduleState = { digest: '', since: 0, high: 0, open: [], last: null };
  // Slugs begin with a letter, so no name can be `__proto__`; defined as own property anyway.
  Object.defineProperty(state, name, { value: fresh, enumerable: true, writable: true, configurable: true });
  return fresh;
}
