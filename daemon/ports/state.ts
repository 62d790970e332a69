import type { LedgerRecord } from '../../contracts/record.ts';
import type { Json } from '../../contracts/json.ts';

/**
 * A fold over the ledger. `apply` depends on nothing but its arguments and never throws on a valid record. It takes
 * ownership of `state` and may reuse it, so that replaying a million records stays linear; the state is plain JSON.
 */
export interface Projection<S = unknown> {
  name: string;
  /** Raise when the shape of S changes: older snapshots are then ignored and rebuilt. */
  version: number;
  initial(): S;
  apply(state: S, record: LedgerRecord): S;
}

/** Read access to the folded state. What `get` returns must not be changed by the caller. */
export interface StateView {
  get<S>(projection: Projection<S>): S;
}

/** `{seq, root, state}` of one fold. Only a cache: any doubt means rebuild from the ledger. */
export interface Snapshot {
  /** Records folded so far (the head size it belongs to). */
  seq: number;
  root: string;
  /** Projection name → {version, state}. */
  states: Record<string, { version: number; state: Json }>;
}

export interface Snapshots {
  /** Undefined when there is none or it cannot be read; never throws for bad content. */
  load(): Promise<Snapshot | undefined>;
  save(snapshot: Snapshot): Promise<void>;
}

/**
 * What the ledger folds its records into (daemon/state/host.ts): every projection side by side. The ledger calls `apply`
 * once per record, in order, at the instant of sequencing.
 */
export interface Fold {
  /** All projections back to `initial()`. */
  reset(): void;
  /** Takes over a snapshot's states. False, and all projections reset, when one is missing or of another version. */
  restore(snapshot: Snapshot): boolean;
  apply(record: LedgerRecord): void;
  /** A copy of all states that later folding does not change. */
  capture(): Snapshot['states'];
  /** An empty fold of the same projections, for rebuilding aside. */
  fork(): Fold;
  /** Takes over the states of a fork in one step. */
  adopt(fork: Fold): void;
}
