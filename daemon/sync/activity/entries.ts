import type { AdminActionType } from '../../../contracts/admin.ts';
import type { JsonObject } from '../../../contracts/json.ts';

/** A line under a heading. All texts as recorded: hiding and escaping is the writer's. */
export interface Entry {
  at: number;
  what: string;
  by?: string | undefined;
  why?: string | undefined;
  outputs?: JsonObject | undefined;
  /** A job, an incident, a record: what to look up. */
  ref?: string | undefined;
}

/** What somebody can do; `command` is made of words and ids alone. */
export interface Step {
  text: string;
  command?: string;
}

/** Jobs of schedules that passed: told as a number, by runbook. */
export type Routine = Map<string, number>;

/** A list that says how much of it was left out. */
export interface Kept<T> {
  items: T[];
  more: number;
}

/** One day, as the ledger tells it. */
export interface DayLog {
  from: number;
  to: number;
  changed: Kept<Entry>;
  failed: Kept<Entry>;
  incidents: Kept<Entry>;
  decisions: Kept<Entry>;
  routine: Routine;
  /** Jobs that ended, each told by who called it, by how; `other`: cancelled, or nobody knows. */
  verdicts: { passed: number; failed: number; other: number };
  /** What follows from what happened on the day. */
  todo: Step[];
  /** As it stood when the day was over. */
  blockers: string[];
  next: Step[];
}

/** Lines under one heading; a day of more is looked up in the ledger. */
const MAX_ENTRIES = 200;

export function keep<T>(list: Kept<T>, item: T): void {
  if (list.items.length < MAX_ENTRIES) list.items.push(item);
  else list.more += 1;
}

/** Admin actions with which somebody changed something, beside what runs as a job. */
export const CHANGES: ReadonlySet<AdminActionType> = new Set([
  'change_config',
  'rotate_secret',
  'change_retention',
  'init_keys',
  'enrol_key',
  'revoke_key',
  'enrol_bot',
  'remove_bot',
  'accept_zone',
  'set_log_level',
]);

/** Those with which somebody decided something. */
export const DECISIONS: ReadonlySet<AdminActionType> = new Set([
  'halt',
  'resume_halted',
  'pause',
  'resume',
  'drain',
  'create_grant',
  'approve_grant',
  'deny_grant',
  'revoke_grant',
  'close_review',
  'accept_config',
  'steal_lock',
  'resolve_unknown',
  'cancel',
  'note',
  'link_incident',
  'review_incident',
  'reset_breaker',
  'reset_rule',
  'set_silence',
  'lift_silence',
  'pause_schedule',
  'resume_schedule',
  'backfill_schedule',
]);
