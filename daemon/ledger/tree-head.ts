import type { Head } from '../ports/ledger.ts';
import { rootOf, toHex, type Peaks } from './merkle.ts';

/** A head whose root is worked out when it is asked for: most appends never do, and it costs a dozen hashes. */
export class TreeHead implements Head {
  readonly size: number;
  readonly #peaks: Peaks | null;

  constructor(size: number, peaks: Peaks | null) {
    this.size = size;
    this.#peaks = peaks;
  }

  get root(): string {
    return toHex(rootOf(this.#peaks));
  }

  toJSON(): Head {
    return { size: this.size, root: this.root };
  }
}
