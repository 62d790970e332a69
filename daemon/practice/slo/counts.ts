import type { Tally } from './burn.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
/** As far back as the longest burn window reaches, and the minute that has begun. */
const MINUTES = 3 * 24 * 60 + 2;
const MINUTES_MS = 3 * 24 * HOUR;

/** Good and bad samples by slots of equal width, the newest so many. */
class Ring {
  readonly #width: number;
  readonly #stamp: Int32Array;
  readonly #good: Uint32Array;
  readonly #bad: Uint32Array;

  constructor(width: number, slots: number) {
    this.#width = width;
    this.#stamp = new Int32Array(slots).fill(-1);
    this.#good = new Uint32Array(slots);
    this.#bad = new Uint32Array(slots);
  }

  add(at: number, good: boolean): void {
    const slot = Math.floor(at / this.#width);
    const i = slot % this.#stamp.length;
    const stamp = this.#stamp[i] ?? -1;
    // Older than the ring reaches.
    if (slot < stamp || slot < 0) return;
    if (slot > stamp) {
      this.#stamp[i] = slot;
      this.#good[i] = 0;
      this.#bad[i] = 0;
    }
    const side = good ? this.#good : this.#bad;
    side[i] = (side[i] ?? 0) + 1;
  }

  /** The slots that touch [from, to). */
  sum(from: number, to: number): Tally {
    const [first, last] = [Math.floor(from / this.#width), Math.ceil(to / this.#width)];
    const size = this.#stamp.length;
    const found = { good: 0, bad: 0 };
    for (let slot = Math.max(0, first, last - size); slot < last; slot++) {
      const i = slot % size;
      if (this.#stamp[i] !== slot) continue;
      found.good += this.#good[i] ?? 0;
      found.bad += this.#bad[i] ?? 0;
    }
    return found;
  }
}

/**
 * The samples of one objective, by minute as far as burn windows reach and by hour as far as its own window does: 52 KB
 * and 12 bytes an hour, however many samples there are.
 */
export class Counts {
  readonly #minutes = new Ring(MINUTE, MINUTES);
  readonly #hours: Ring;

  /** @param window ms */
  constructor(window: number) {
    this.#hours = new Ring(HOUR, Math.ceil(window / HOUR) + 2);
  }

  add(at: number, good: boolean): void {
    this.#minutes.add(at, good);
    this.#hours.add(at, good);
  }

  /** Those of the last `ms`; up to a minute more, beyond three days up to an hour more. */
  last(ms: number, now: number): Tally {
    return (ms <= MINUTES_MS ? this.#minutes : this.#hours).sum(now - ms, now + 1);
  }

  /** Those of [from, to), to the hour. */
  between(from: number, to: number): Tally {
    return this.#hours.sum(from, to);
  }
}
