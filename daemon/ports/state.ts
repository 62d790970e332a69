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
