import type { SloSpec } from '../../contracts/estate/practice.ts';
import type { Severity } from '../../contracts/watch.ts';

export type BurnView = {
  /** `1h`; the alert is `slo:<name>:<window>`. */
  window: string;
  short: string;
  severity: Severity;
  /** It must burn so many times too fast over both. */
  threshold: number;
  /** How many times faster than sustainable; null without samples. */
  long_rate: number | null;
  short_rate: number | null;
  /** Bad samples in the long window. */
  bad: number;
  /** The alert is open. */
  open: boolean;
};

export type SloView = Omit<SloSpec, 'latency'> & {
  name: string;
  latency: number | null;
  /** `loading`: the samples are still being read. `blind`: there are none to tell by. */
  state: 'loading' | 'blind' | 'ok' | 'burning' | 'spent';
  good: number;
  bad: number;
  /** Bad samples that the samples of the window so far allow. */
  allowed: number;
  /** 1: untouched, 0: spent, below: overspent; null without samples. */
  budget_left: number | null;
  burns: BurnView[];
};

/** Service level objectives over the samples of probes. */
export interface Slos {
  list(): SloView[];
  /** Rejects SLO_UNKNOWN. */
  get(name: string): SloView;
  /** Samples of [from, to), to the hour; null where the objective counts no longer so far back, or not yet. */
  between(name: string, from: number, to: number): { good: number; bad: number } | null;
}

export interface Place {
  project: string;
  env: string;
}

/** Lengths of time, ms; nulls where none was measured. */
export type Lengths = { count: number; median: number | null; longest: number | null };

/** Figures of one place in [from, to). */
export type DoraView = {
  project: string;
  env: string;
  /** ms. */
  from: number;
  to: number;
  /** Deployments and promotions that passed. */
  deployments: number;
  per_week: number;
  /** Those that ended otherwise. */
  not_passed: number;
  /** From the commit to the end of the deployment; `unknown`: no commit is known. */
  lead: Lengths & { unknown: number };
  /** Jobs of the deployments that were rolled back, or that somebody linked to an incident as its cause. */
  failed: string[];
  /** Of 1; null without deployments. */
  change_failure_rate: number | null;
  /** Of the failed ones; `open`: not recovered yet. */
  recovery: Lengths & { open: number };
  /** Opened in this time. */
  incidents: number;
  /** From the beginning to the end of the trouble, of incidents that ended in this time; `open`: those that go on now. */
  restore: Lengths & { open: number };
  /** False: older changes or incidents of this time are no longer kept, and the figures are of the rest. */
  complete: boolean;
};

/** Whether somebody may see what is of this place; undefined: what is of none. */
export type Sees = (place: { project?: string | undefined; env?: string | undefined } | undefined) => boolean;

/** The newest results of a drill that were measured, against its objectives. */
export type DrillTrend = {
  drill: string;
  project: string | null;
  env: string | null;
  /** Results of the week, and how many of them passed. */
  runs: number;
  passed: number;
  last: { at: number; verdict: string; why: string | null };
  /** ms; null where it was not measured, or none is set. */
  rpo_ms: number | null;
  rto_ms: number | null;
  objective_rpo_ms: number | null;
  objective_rto_ms: number | null;
  /** The newer half of the last ten against the older: a tenth more is worse, a tenth less is better. */
  rpo_trend: Trend;
  rto_trend: Trend;
};
/** `unknown`: fewer than six were measured. */
export type Trend = 'better' | 'steady' | 'worse' | 'unknown';

export type ScheduleWeek = {
  name: string;
  project: string;
  env: string;
  /** When a run passed last, ms. */
  passed: number | null;
  max_age: number | null;
  too_old: boolean;
  paused: boolean;
  /** Slots of the week that did not run though nobody wanted that, and why the last of them did not. */
  missed: number;
  why: string | null;
};

export type IncidentWeek = {
  id: string;
  title: string;
  severity: string;
  project: string;
  env: string;
  began: number;
  opened: number;
  acknowledged: number | null;
  ended: number | null;
  reviewed: boolean;
  /** Jobs that somebody linked as its cause. */
  causes: string[];
};

/** Everything of one week that may be seen. Times in ms. */
export type WeeklyReport = {
  estate: string;
  /** Null: every project. */
  project: string | null;
  timezone: string;
  from: number;
  to: number;
  /** As of when objectives and schedules are: they are told as they are now. */
  made: number;
  slos: { slo: SloView; week: { good: number; bad: number } | null }[];
  dora: DoraView[];
  drills: DrillTrend[];
  schedules: ScheduleWeek[];
  alerts: { page: number; warn: number; info: number; open: { key: string; severity: string; at: number }[] };
  /** Messages; null for who may not see everything. */
  messages: { sent: number; given_up: number } | null;
  /** Opened or ended in the week, or open at its end. */
  incidents: IncidentWeek[];
  heals: { healed: number; failed: number; unknown: number };
  /** Open break-glass reviews; null for who may not see everything. */
  reviews: { open: number; oldest: number | null } | null;
  /** What is no longer known of this week in full. */
  incomplete: string[];
};

/** A day or a week in a few lines, with what waits for a person. Times in ms. */
export type Digest = {
  period: 'day' | 'week';
  title: string;
  /** Plain text, cleaned of secrets; short when nothing happened. */
  text: string;
  /** Nothing happened, and nothing waits. */
  quiet: boolean;
  project: string | null;
  timezone: string;
  from: number;
  to: number;
  waiting: string[];
  report: WeeklyReport;
  /** The same span of time before; null for a day. */
  before: WeeklyReport | null;
  /** The week as an SVG, cleaned of secrets; null for a day, and where nothing happened. */
  chart: string | null;
};

/** The numbers of the practice. */
export interface Practice {
  slos: Slos;
  /** Of these places, in [from, to). Lead times are asked of Git where a deployment names its commit. */
  dora(places: readonly Place[], from: number, to: number): Promise<DoraView[]>;
  /** What happened in [from, to), ms: of one project, or of all that `may` be seen. */
  weekly(of: { project?: string | undefined; from: number; to: number; may: Sees }): Promise<WeeklyReport>;
  /** In the estate's time zone. Of everything, or of one project: who may see what is the caller's to ask. */
  digest(of: {
    period: 'day' | 'week';
    from: number;
    to: number;
    project?: string | undefined;
  }): Promise<Digest>;
  /** The same for people, as Markdown, and in a few lines. */
  written(report: WeeklyReport): Promise<{ title: string; headline: string; markdown: string }>;
}
