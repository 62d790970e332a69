import type { RecordBody } from '../../contracts/record.ts';

export type ScheduleRow = {
  name: string;
  runbook: string;
  cron: string;
  timezone: string;
  project: string;
  env: string;
  last_slot: number | null;
  /** How the last recorded slot went. */
  last_outcome: 'ran' | 'skipped' | 'refused' | null;
  next: number | null;
  paused: { by: string; reason: string; at: number } | null;
  /** When a run of it passed last, ms. */
  passed: number | null;
  /** Alert beyond this age of `passed`, ms. */
  max_age: number | null;
};

export type SlotRow = RecordBody<'schedule.slot'> & { at: number };

/** What runs by itself. */
export interface Schedules {
  list(): ScheduleRow[];
  /** Rejects SCHEDULE_UNKNOWN, as each below. */
  get(name: string): ScheduleRow;
  /** At most `count` slots after `from`, without jitter, ascending. */
  slots(name: string, from: number, count: number): number[];
  /**
   * At most `limit` (but slots of the same time together): the newest records first, or, out of the ledger when that does
   * not do, the latest slots before `before`, ms.
   */
  history(name: string, asked: { limit: number; before?: number }): Promise<SlotRow[]>;
  /** False: it was already. Durable when it resolves. */
  pause(name: string, by: string, reason: string): Promise<boolean>;
  resume(name: string, by: string, reason: string): Promise<boolean>;
  /** Runs these slots of the past, one after the other, under the schedule's mandate. Returns those that were taken. */
  backfill(name: string, slots: readonly number[], by: string, reason: string): Promise<number[]>;
}
