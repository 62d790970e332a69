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

/** The numbers of the practice. */
export interface Practice {
  slos: Slos;
  /** Of these places, in [from, to). Lead times are asked of Git where a deployment names its commit. */
  dora(places: readonly Place[], from: number, to: number): Promise<DoraView[]>;
}
