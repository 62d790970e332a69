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

/** The numbers of the practice. */
export interface Practice {
  slos: Slos;
}
