import type { Clock } from '../ports/clock.ts';

const MINUTE = 60_000;
/** Keys that are counted each for itself; what is beyond shares one. */
const KEYS = 100;

/** Writes `count` refusals as one record. */
export type Write = (count: number) => Promise<number | undefined>;

/** Of many refusals alike the first is written at once, and after a minute how many more there were: a flood fills no ledger. */
export class Sparse {
  readonly #clock: Pick<Clock, 'after'>;
  readonly #counting = new Map<string, { more: number; write: Write }>();

  constructor(clock: Pick<Clock, 'after'>) {
    this.#clock = clock;
  }

  /** The seq of the record; undefined when it is only counted. */
  async record(whose: string, write: Write): Promise<number | undefined> {
    const key = this.#counting.has(whose) || this.#counting.size < KEYS ? whose : '';
    const counted = this.#counting.get(key);
    if (counted !== undefined) {
      counted.more += 1;
      counted.write = write;
      return undefined;
    }
    const fresh = { more: 0, write };
    this.#counting.set(key, fresh);
    this.#clock.after(MINUTE, () => {
      this.#counting.delete(key);
      // It rejects for nothing: a ledger that takes no record resolves to none.
      if (fresh.more > 0) void fresh.write(fresh.more);
    });
    return write(1);
  }
}
