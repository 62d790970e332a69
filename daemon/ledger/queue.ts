import type { LedgerRecord } from '../../contracts/record.ts';
import type { Written } from './writer-types.ts';

/** A record that has its seq, but is not durable yet. Its place and its hashes are filled in on the way. */
export interface Pending extends Written {
  record: LedgerRecord;
  /** Bytes of its line with the newline. */
  bytes: number;
  /** Folded only once it is durable. */
  late: boolean;
  resolve(): void;
  refuse(error: unknown): void;
}

/** What one flush carries. */
export interface Batch {
  records: Pending[];
  /** The lines from byte 1 on; byte 0 is free so that a line can be hashed in place. */
  data: Utf8Buffer;
  /** Index after the last line. */
  end: number;
}

/** What `buffer.write(text, offset, 'utf8')` does after choosing by the encoding's name. */
type Utf8Buffer = Buffer & { utf8Write(text: string, offset: number): number };

const SMALL_BYTES = 4096;
/** What is kept for the next batch when one has landed. */
const SPARE_BYTES = 256 * 1024;

/** Gathers lines for the flushes to come, as the bytes that will be written. */
export class Queue {
  readonly #maxBytes: number;
  readonly #batches: Batch[] = [];
  #spare: Utf8Buffer | undefined;

  /** @param maxBytes No batch is larger, unless one record is. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get empty(): boolean {
    return this.#batches.length === 0;
  }

  push(pending: Pending, line: string): void {
    // UTF-8 has at most three bytes for each UTF-16 unit.
    const most = 3 * line.length + 1;
    let batch = this.#batches.at(-1);
    if (batch === undefined || batch.end - 1 + most > this.#maxBytes) {
      batch = { records: [], data: this.#spare ?? allocate(SMALL_BYTES), end: 1 };
      this.#spare = undefined;
      this.#batches.push(batch);
    }
    if (batch.end + most > batch.data.length) {
      const larger = allocate(2 * batch.data.length + most);
      batch.data.copy(larger, 0, 0, batch.end);
      batch.data = larger;
    }
    const stop = batch.end + batch.data.utf8Write(line, batch.end);
    batch.data[stop] = 0x0a;
    pending.bytes = stop + 1 - batch.end;
    batch.end = stop + 1;
    batch.records.push(pending);
  }

  take(): Batch | undefined {
    return this.#batches.shift();
  }

  /** A batch has landed: its memory serves the next. */
  reuse({ data }: Batch): void {
    if (data.length <= SPARE_BYTES) this.#spare = data;
  }

  drain(): Pending[] {
    return this.#batches.splice(0).flatMap(({ records }) => records);
  }
}

const allocate = (bytes: number): Utf8Buffer => Buffer.allocUnsafeSlow(bytes) as Utf8Buffer;

/** Those who wait until a number of records is durable. */
export class Waiters {
  #waiting: { size: number; resolve: () => void; reject: (error: unknown) => void }[] = [];

  wait(size: number): Promise<void> {
    return new Promise((resolve, reject) => this.#waiting.push({ size, resolve, reject }));
  }
  reached(durable: number): void {
    if (this.#waiting.length === 0) return;
    const still = this.#waiting.filter((waiter) => waiter.size > durable);
    for (const waiter of this.#waiting) if (waiter.size <= durable) waiter.resolve();
    this.#waiting = still;
  }
  refuse(error: unknown): void {
    for (const waiter of this.#waiting.splice(0)) waiter.reject(error);
  }
}
