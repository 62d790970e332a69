import { fail } from '../../contracts/errors.ts';

interface Bucket {
  left: number;
  at: number;
}

/** Keys remembered at once; one that is forgotten starts with a full bucket, as it would after a quiet minute. */
const REMEMBERED = 10_000;

/** A bound on how fast somebody may ask (token bucket): `burst` at once, then one every `every` ms. */
export class Flood {
  readonly #buckets = new Map<string, Bucket>();
  readonly #now: () => number;
  readonly #burst: number;
  readonly #every: number;

  constructor(now: () => number, { burst, every }: { burst: number; every: number }) {
    this.#now = now;
    this.#burst = burst;
    this.#every = every;
  }

  /** Counts one. Throws CHAT_FLOOD with the seconds to wait; what is refused does not count. */
  take(key: string): void {
    const now = this.#now();
    const before = this.#buckets.get(key) ?? { left: this.#burst, at: now };
    const left = Math.min(this.#burst, before.left + (now - before.at) / this.#every);
    if (left < 1)
      throw fail('CHAT_FLOOD', { seconds: Math.max(1, Math.ceil(((1 - left) * this.#every) / 1000)) });
    // The newest stand last, so that the oldest is the one to forget.
    this.#buckets.delete(key);
    this.#buckets.set(key, { left: left - 1, at: now });
    if (this.#buckets.size > REMEMBERED) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
  }
}
