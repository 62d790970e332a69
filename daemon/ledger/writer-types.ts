import type { LedgerRecord } from '../../contracts/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { Fold } from '../ports/state.ts';
import type { Hash, Peaks } from './merkle.ts';

/** A record that became durable. */
export interface Written {
  record: LedgerRecord;
  leaf: Hash;
  /** First seq of its segment, and its byte offset there. */
  segment: number;
  offset: number;
  /** Offset after it. */
  end: number;
  /** Tree right after it. */
  peaks: Peaks | null;
}

export interface WriterOptions {
  fs: Fs;
  dir: string;
  clock: Clock;
  fold: Fold;
  /** A segment that reached this many bytes is sealed. */
  segmentBytes: number;
  /** Durable records, in order, before their appends resolve. Must not throw. */
  written(batch: readonly Written[]): void;
  /** Folds everything durable anew into the given fold; used after records were cut. */
  refold(fold: Fold, size: number): Promise<void>;
  /** A segment is full; the next record goes to a new one. */
  sealed(): void;
  warn(what: string, error: unknown): void;
}
