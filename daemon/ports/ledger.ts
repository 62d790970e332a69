import type { LedgerRecord, RecordBody, RecordType } from '../../contracts/record.ts';

/** RFC 6962 tree head over the lines of records 0 … size−1. */
export interface Head {
  /** Number of records. */
  size: number;
  /** Merkle tree hash, 64 lower-case hex digits. */
  root: string;
}

export interface AppendResult<T extends RecordType = RecordType> {
  record: LedgerRecord<T>;
  /** Head right after this record. Its root is worked out when read: copy it with `{ size, root }`, not by spreading. */
  head: Head;
}

/** The append-only, Merkle-checkpointed log (DESIGN §3). */
export interface Ledger {
  /**
   * Resolves only when the record is on stable storage. Rejects with `LEDGER_UNWRITABLE`, `LEDGER_DISK_FULL`,
   * `LEDGER_RECORD_TOO_LARGE` or `RECORD_INVALID`; after a failed fsync every later append rejects too, until the
   * daemon is restarted. After a full disk the tail is cut back to the last durable byte, the projections forget what
   * was cut, and appends are tried again in a new segment.
   *
   * Sequencing is synchronous: the record gets its seq, and the projections fold it, inside the call. So state may be
   * ahead of the disk by one flush; whoever answers a reader from state awaits `settled()` first.
   *
   * `guard` runs at the instant of sequencing, when every earlier record is folded and before this one is written: when
   * it throws, nothing is written and append rejects with that error. It is how "use 1 of 1" stays true with fifty
   * callers at once.
   */
  append<T extends RecordType>(
    type: T,
    body: RecordBody<T>,
    options?: { guard?: () => void },
  ): Promise<AppendResult<T>>;
  /** Resolves when everything sequenced so far is durable; rejects as append does. */
  settled(): Promise<void>;
  /** The durable head. */
  head(): Head;
  /** Highest time stamp (ms) of any record, 0 when empty: privileged work is refused when the clock is behind it. */
  lastTs(): number;
  /** Durable records from `from` (inclusive) to the head at call time, in order. */
  read(from: number, options?: { limit?: number }): AsyncIterable<LedgerRecord>;
  /** Called in order, once per durable record, after the projections. Listeners must not throw. Returns unsubscribe. */
  subscribe(listener: (record: LedgerRecord) => void): () => void;
  /** Writes a signed checkpoint now; returns the C2SP signed note. */
  checkpoint(): Promise<string>;
  /** Whether appends are possible; when not, why, for people. */
  health(): { writable: true } | { writable: false; code: string; why: string };
  close(): Promise<void>;
}
