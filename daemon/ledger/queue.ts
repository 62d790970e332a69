import type { LedgerRecord } from '../../contracts/record.ts';
import type { Peaks } from './merkle.ts';

/** A record that has its seq, but is not durable yet. */
export interface Pending {
  line: string;
  /** With the newline. */
  bytes: number;
  record: LedgerRecord;
  /** Folded only once it is durable. */
  late: boolean;
  /** Tree right after it, once hashed. */
  peaks: Peaks | null;
  done(): void;
  refuse(error: unknown): void;
}

export class Queue {
  #pending: Pending[] = [];

  get length(): number {
    return this.#pending.length;
  }
  push(pending: Pending): void {
    this.#pending.push(pending);
  }
  /** The next records up to `maxBytes`, at least one. */
  take(maxBytes: number): Pending[] {
    let bytes = 0;
    let count = 0;
    for (const { bytes: more } of this.#pending) {
      if (count > 0 && bytes + more > maxBytes) break;
      bytes += more;
      count += 1;
    }
    return count === this.#pending.length ? this.drain() : this.#pending.splice(0, count);
  }
  drain(): Pending[] {
    const all = this.#pending;
    this.#pending = [];
    return all;
  }
}

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
