import type { Anchor } from '../../contracts/job.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Projection } from '../ports/state.ts';

/** A recorded slot, and when it was recorded. */
export type SlotRow = RecordBody<'schedule.slot'> & { at: number };

export interface ScheduleState {
  /** Digest of the definition in force, and since when. */
  digest: string;
  since: number;
  /** What it says; undefined before it is defined. */
  line?: Pick<RecordBody<'schedule.defined'>, 'cron' | 'timezone' | 'dst'>;
  /** Highest slot that was claimed or has its record; 0 before the first. Lower again after the clock was set back. */
  high: number;
  /** Slots up to this may have had their job before the clock was set back, ms; absent: it never was. */
  rewound?: number;
  /** Claimed slots whose outcome is not recorded, ascending. */
  open: number[];
  /** Those of them that somebody asked for afterwards. */
  backfill: number[];
  /** The newest recorded slots, oldest first. */
  recent: SlotRow[];
  paused: { by: string; reason: string; at: number } | null;
  /** Newest jobs of its slots, oldest first, and when one of them last passed. */
  jobs: string[];
  passed: number | null;
}

export type SchedulesState = Record<string, ScheduleState>;

/** Slots of each schedule that are kept in memory; older ones stand in the ledger. */
export const KEPT = 20;

/** Where each schedule stands. Slots of one schedule are claimed and recorded in order, but for those filled in later. */
export const schedules: Projection<SchedulesState> = {
  name: 'schedules',
  version: 3,
  initial: () => ({}),
  apply(state, record) {
    switch (record.type) {
      case 'schedule.defined': {
        const known = entry(state, record.body.schedule);
        known.digest = record.body.digest;
        known.since = record.ts;
        const { cron, timezone, dst } = record.body;
        known.line = { cron, timezone, ...(dst === undefined ? {} : { dst }) };
        break;
      }
      case 'schedule.rewound': {
        const { schedule, from, to } = record.body;
        const known = entry(state, schedule);
        known.high = Math.min(known.high, to);
        known.rewound = Math.max(known.rewound ?? 0, from);
        known.since = Math.min(known.since, to);
        if (known.passed !== null) known.passed = Math.min(known.passed, to);
        break;
      }
      case 'schedule.paused':
        entry(state, record.body.schedule).paused = {
          by: record.body.by,
          reason: record.body.reason,
          at: record.ts,
        };
        break;
      case 'schedule.resumed':
        entry(state, record.body.schedule).paused = null;
        break;
      case 'schedule.claimed': {
        const known = entry(state, record.body.schedule);
        known.high = Math.max(known.high, record.body.slot);
        known.open.push(record.body.slot);
        break;
      }
      case 'schedule.backfill': {
        const known = entry(state, record.body.schedule);
        known.open.push(...record.body.slots);
        known.backfill.push(...record.body.slots);
        break;
      }
      case 'schedule.slot': {
        const { schedule, slot, until = slot } = record.body;
        const known = entry(state, schedule);
        known.high = Math.max(known.high, until);
        known.open = known.open.filter((open) => open !== slot);
        known.backfill = known.backfill.filter((open) => open !== slot);
        known.recent.push({ ...record.body, at: record.ts });
        if (known.recent.length > KEPT) known.recent.shift();
        break;
      }
      case 'job.queued': {
        const known = scheduleState(state, scheduleOfJob(record.body.job.anchor));
        if (known === undefined) break;
        known.jobs.push(record.body.job.job_id);
        if (known.jobs.length > KEPT) known.jobs.shift();
        break;
      }
      case 'job.attempt': {
        const { job_id, status } = record.body.attempt;
        if (status !== 'PASS') break;
        for (const known of Object.values(state)) if (known.jobs.includes(job_id)) known.passed = record.ts;
        break;
      }
    }
    return state;
  },
};

/** The schedule whose slot a job's anchor names; empty for other anchors. */
const scheduleOfJob = ({ kind, id }: Anchor): string =>
  kind === 'slot' ? id.slice(0, id.lastIndexOf('@')) : '';

/** What is known of a schedule; undefined before its definition is recorded. */
export const scheduleState = (state: SchedulesState, name: string): ScheduleState | undefined =>
  Object.hasOwn(state, name) ? state[name] : undefined;

function entry(state: SchedulesState, name: string): ScheduleState {
  const known = scheduleState(state, name);
  if (known !== undefined) return known;
  const fresh: ScheduleState = {
    digest: '',
    since: 0,
    high: 0,
    open: [],
    backfill: [],
    recent: [],
    paused: null,
    jobs: [],
    passed: null,
  };
  // Slugs begin with a letter, so no name can be `__proto__`; defined as own property anyway.
  Object.defineProperty(state, name, { value: fresh, enumerable: true, writable: true, configurable: true });
  return fresh;
}
