import type { Listed } from './rest.ts';

/** A long list that is never in memory: each part is made when it is asked for. Newest first; `make` gets 0 for the oldest. */
export class Many implements Listed {
  readonly length: number;
  readonly #make: (n: number) => object;

  constructor(length: number, make: (n: number) => object) {
    this.length = length;
    this.#make = make;
  }

  slice(from = 0, to = this.length): object[] {
    const end = Math.min(to, this.length);
    return Array.from({ length: Math.max(0, end - from) }, (_, n) => this.#make(this.length - 1 - from - n));
  }
}
