import { HASH_BYTES, type Hash, type Latin1Buffer } from './merkle.ts';
import { HashRows } from './sha256-lanes.ts';

/** A complete subtree over an aligned range of leaves: 2^level of them from index · 2^level. */
export interface Subtree {
  level: number;
  hash: Hash;
}

/** Leaves that are folded at once: what they take and what it yields stays in the processor's cache. */
const ROWS = 8192;
const free: HashRows[] = [];

/** Folds leaves from any position on into the aligned subtrees that an RFC 6962 tree has there, many at a time. */
export class Subtrees {
  readonly #rows: HashRows;
  readonly #bytes: Latin1Buffer;
  #count = 0;
  /** Index of the leaf in row 0. */
  #first: number;
  #done: Subtree[] = [];

  /** @param first Index of the first leaf. */
  constructor(first: number) {
    this.#rows = free.pop() ?? new HashRows(ROWS);
    this.#bytes = this.#rows.bytes as Latin1Buffer;
    this.#first = first;
  }

  add(leaf: Hash): void {
    if (this.#count === ROWS) this.#fold();
    this.#bytes.latin1Write(leaf, this.#count * HASH_BYTES, HASH_BYTES);
    this.#count += 1;
  }

  /** What covers the leaves since the last call, from left to right. */
  take(): Subtree[] {
    this.#fold();
    const done = this.#done;
    this.#done = [];
    return done;
  }

  /** Gives the memory back. */
  release(): void {
    free.push(this.#rows);
  }

  #fold(): void {
    const right: Subtree[] = [];
    let row = 0;
    let first = this.#first;
    let count = this.#count;
    this.#first += count;
    this.#count = 0;
    for (let level = 0; count > 0; level++) {
      // Whoever has no neighbour in here is a subtree of its own.
      if (first % 2 === 1) {
        this.#done.push({ level, hash: this.#hashAt(row) });
        row += 1;
        first += 1;
        count -= 1;
      }
      if (count % 2 === 1) {
        count -= 1;
        right.push({ level, hash: this.#hashAt(row + count) });
      }
      if (count > 0) this.#rows.hashPairs(row, count / 2);
      row = 0;
      first /= 2;
      count /= 2;
    }
    this.#done.push(...right.reverse());
  }

  #hashAt(row: number): Hash {
    return this.#bytes.latin1Slice(row * HASH_BYTES, (row + 1) * HASH_BYTES);
  }
}
