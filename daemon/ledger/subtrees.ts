import { ROWS, type Hasher } from './hasher.ts';
import type { Hash } from './merkle.ts';

/** A complete subtree over an aligned range of leaves: 2^level of them from index · 2^level. */
export interface Subtree {
  level: number;
  hash: Hash;
}

/** Folds lines from any position on into the aligned subtrees that an RFC 6962 tree has there, many at a time. */
export class Subtrees {
  readonly #hasher: Hasher;
  #count = 0;
  /** Index of the leaf in row 0. */
  #first: number;
  #done: Subtree[] = [];

  /** @param first Index of the first leaf. @param hasher Nobody else's until the last `take`. */
  constructor(first: number, hasher: Hasher) {
    this.#first = first;
    this.#hasher = hasher;
  }

  /** The lines `[from, to)` of those that the hasher found last are the next leaves. */
  addLines(from: number, to: number): void {
    for (let line = from; line < to;) {
      if (this.#count === ROWS) this.#fold();
      const some = Math.min(to - line, ROWS - this.#count);
      this.#hasher.hashLines(line, some, this.#count);
      this.#count += some;
      line += some;
    }
  }

  /** What covers the leaves since the last call, from left to right. */
  take(): Subtree[] {
    this.#fold();
    const done = this.#done;
    this.#done = [];
    return done;
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
        this.#done.push({ level, hash: this.#hasher.row(row) });
        row += 1;
        first += 1;
        count -= 1;
      }
      if (count % 2 === 1) {
        count -= 1;
        right.push({ level, hash: this.#hasher.row(row + count) });
      }
      if (count > 0) this.#hasher.hashPairs(row, count / 2);
      row = 0;
      first /= 2;
      count /= 2;
    }
    this.#done.push(...right.reverse());
  }
}
