import type { Listed } from './rest.ts';

/** A long list that is never in memory: each part is made when it is asked for. Newest first; `make` gets 0 for the oldest. */
export class Many implements Listed {
  readonly length: number;
  readonly #make: (n: number) => object;
  readonly #nodes: (node: string) => number;

  /** `nodes`: which one has this global id. */
  constructor(length: number, make: (n: number) => object, nodes: (node: string) => number = () => -1) {
    this.length = length;
    this.#make = make;
    this.#nodes = nodes;
  }

  find(node: string): object | undefined {
    const n = this.#nodes(node);
    return n >= 0 && n < this.length ? this.#make(n) : undefined;
  }

  slice(from = 0, to = this.length): object[] {
    const end = Math.min(to, this.length);
    return Array.from({ length: Math.max(0, end - from) }, (_, n) => this.#make(this.length - 1 - from - n));
  }
}
