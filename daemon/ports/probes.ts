import type { ProbeSpec } from '../../contracts/estate/probes.ts';
import type { ProbeState, Verdict } from '../../contracts/watch.ts';
import type { PushEvent } from './probe-kinds.ts';

/** What one run of a probe found. */
export interface Finding {
  verdict: Verdict;
  /** For people; empty when all is well. */
  why: string;
  /** Milliseconds, fractions allowed; null when nothing was measured. */
  ms: number | null;
  /** Figures of the kind: `tls_days`, `head_age_ms`, `lag_blocks` … */
  figures?: Record<string, number>;
  /** What was asked stands on this machine (loopback): a dead uplink does not explain it. */
  near?: true;
}

export interface ProbeView {
  name: string;
  spec: ProbeSpec;
  state: ProbeState;
  /** Since when, ms. */
  since: number;
  last: (Finding & { at: number }) | null;
  /** Verdicts in a row that disagree with the state so far. */
  against: number;
  next: number | null;
  /** Name of the window it is in now. */
  maintenance: string | null;
  /** The failed dependency that explains its failure. */
  cause: string | null;
}

/** One step of a chart: everything sampled in [at, at + width). */
export interface Bucket {
  at: number;
  up: number;
  degraded: number;
  down: number;
  halted: number;
  inconclusive: number;
  /** Slots in which it could not be run in time. */
  slips: number;
  /** Milliseconds; null without samples. `p95` is at most 4.5 % off, the others are exact to 10 µs. */
  min: number | null;
  mean: number | null;
  p95: number | null;
  max: number | null;
}

/** Samples of all probes; compact, retention-bound, outside the ledger. */
export interface Samples {
  /** Buckets that cover [from, to), oldest first, empty ones included. At most 2,000. */
  series(probe: string, from: number, to: number, count: number): Promise<Bucket[]>;
  /**
   * Good and bad samples in [from, to): up and degraded are good, down and halted bad, `inconclusive` and slips neither.
   * With `slow`, a good sample slower than so many ms is bad. Exact; cheap when nothing is slow.
   */
  tally(probe: string, from: number, to: number, slow?: number): Promise<{ good: number; bad: number }>;
  /** Single samples, the newest `limit` of them, oldest first. */
  raw(
    probe: string,
    from: number,
    to: number,
    limit: number,
  ): Promise<{ at: number; verdict: Verdict; ms: number | null }[]>;
}

/** The probes of the estate. */
export interface Probes {
  list(): ProbeView[];
  /** Rejects PROBE_UNKNOWN. */
  get(name: string): ProbeView;
  /** Runs it once, now; the finding is stored like any other. Rejects PROBE_UNKNOWN. */
  run(name: string): Promise<Finding & { at: number }>;
  /** A call of the push URL of a heartbeat probe. Rejects PROBE_UNKNOWN for a token that is nobody's. */
  push(token: string, event: PushEvent, text?: string): Promise<{ probe: string }>;
  /** The push token of a heartbeat probe. Rejects PROBE_UNKNOWN. */
  token(name: string): Promise<string>;
  samples: Samples;
  /** Every kind there is. */
  kinds(): Promise<{ kind: string; summary: string; example: string }[]>;
  /** Called after each sample. Listeners must not throw. Returns unsubscribe. */
  onSample(listener: (probe: string, finding: Finding & { at: number }) => void): () => void;
  /** Slots that could not be run in time since the start: none slips silently. */
  slips(): { total: number; last: number | null };
}
