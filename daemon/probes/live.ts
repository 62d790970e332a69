import type { ProbeSpec } from '../../contracts/estate/probes.ts';
import type { ProbeKind, Prober } from '../ports/probe-kinds.ts';
import type { Finding } from '../ports/probes.ts';
import { fresh, type Damp } from './damping.ts';
import type { KnownState } from './projection.ts';

/** A finding and when its run began, ms. */
export type Sampled = Finding & { at: number };

/** One probe of the estate in force. */
export interface Live {
  readonly name: string;
  readonly kind: ProbeKind;
  spec: ProbeSpec;
  prober: Prober;
  damp: Damp;
  /** When the first sample of the run that led to its state was taken, ms. */
  since: number;
  last: Sampled | null;
  /** What its recorded state was put down to. */
  cause: string | null;
  maintenance: string | null;
  /** Bad findings since nothing excuses its state any more. */
  unexcused: number;
  /** The run under way. */
  running: Promise<Sampled> | null;
  /** A change of its state is being recorded, or waits for the judgement of a dependency. */
  settling: Promise<void> | null;
  /** It is being run again for those that depend on it. */
  judging: Promise<void> | null;
  /** No longer in the estate: what is still under way changes nothing. */
  gone: boolean;
}

/** A probe as the ledger knows it. */
export function revive(
  base: Pick<Live, 'name' | 'kind' | 'spec' | 'prober'>,
  known: KnownState | undefined,
  now: number,
): Live {
  const damp =
    known === undefined ? fresh() : { ...fresh(known.belief), blind: known.state === 'inconclusive' };
  return {
    ...base,
    damp,
    since: known?.since ?? now,
    last: null,
    cause: known?.cause ?? null,
    maintenance: known?.maintenance ?? null,
    unexcused: 0,
    running: null,
    settling: null,
    judging: null,
    gone: false,
  };
}
