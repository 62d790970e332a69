/** The newest entries of something, and since when they are all of it. */
export interface Trail<T> {
  items: T[];
  /** Time of the newest entry that was dropped, ms; 0: none was. */
  cut: number;
}

/** A job that changes what runs somewhere: a deployment, a promotion, a rollback. */
export interface Change {
  job: string;
  action: 'deploy' | 'promote' | 'rollback';
  project: string;
  env: string;
  runbook: string;
  /** ms. */
  queued: number;
  /** Of its newest attempt. */
  status: string;
  /** When that attempt ended; null while it has not. */
  ended: number | null;
  /** What its inputs or outputs say of what was deployed: a commit, and when it was made, ms. */
  commit?: string;
  commit_at?: number;
  /** Incidents that somebody linked to it as their cause. */
  incidents: string[];
  /** The rollback that undid it. */
  undone: { job: string; at: number } | null;
}

export interface IncidentEntry {
  id: string;
  title: string;
  severity: string;
  source: string;
  project: string;
  env: string;
  /** When the trouble began, and when the incident was opened, ms. */
  began: number;
  opened: number;
  acknowledged: number | null;
  /** When the trouble ended; null while it goes on. */
  ended: number | null;
  reviewed: boolean;
  reopened: number;
  /** Jobs that somebody linked as its cause. */
  causes: string[];
}

export interface MissedSlot {
  /** The planned time, ms. */
  at: number;
  schedule: string;
  outcome: string;
  why: string;
  /** It stands for further slots up to here, and for so many in all. */
  until?: number;
  count?: number;
}

export interface RaisedAlert {
  at: number;
  key: string;
  severity: string;
  source: string;
  project?: string;
  env?: string;
  resolved: number | null;
}

export interface Delivery {
  at: number;
  channel: string;
  outcome: 'sent' | 'given_up';
}

export interface HealEntry {
  at: number;
  incident: string;
  rule: string;
  outcome: string;
}

export interface PracticeState {
  /** By job, oldest first. */
  changes: Record<string, Change>;
  changes_cut: number;
  /** By id, oldest first. */
  incidents: Record<string, IncidentEntry>;
  incidents_cut: number;
  missed: Trail<MissedSlot>;
  alerts: Trail<RaisedAlert>;
  deliveries: Trail<Delivery>;
  heals: Trail<HealEntry>;
  /** Break-glass reviews that nobody has closed: id → opened, ms. */
  reviews: Record<string, number>;
  /** `project/env` → changes that passed, and those that failed by a rollback or a link, since the ledger began. */
  totals: Record<string, { passed: number; failed: number }>;
  /** Schedule → slots missed since the ledger began. */
  missed_totals: Record<string, number>;
}

export const MAX_CHANGES = 1000;
export const MAX_INCIDENTS = 1000;
export const MAX_TRAIL = 2000;
