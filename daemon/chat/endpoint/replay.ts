import { fail } from '../../../contracts/errors.ts';
import { sha256 } from '../../digest.ts';
import { SKEW, type Signed } from './signature.ts';

/** Only requests with a right signature get here, so only the platform itself could reach it. */
const MOST = 50_000;

/**
 * Signed requests that were here, for as long as their time would let them in again. By the digest of what was signed: a
 * signature itself is no identity, since several may fit. A restart forgets them; what an interaction did stands in the
 * ledger under its id, and is not done again.
 */
export class Seen {
  readonly #until = new Map<string, number>();

  /** Throws INTERACTION_REPLAYED. The result takes it back, for what was not taken in after all. */
  take({ text, at }: Signed, now: number): () => void {
    const key = sha256(text).toString('base64');
    if ((this.#until.get(key) ?? 0) >= now) throw fail('INTERACTION_REPLAYED');
    this.#until.delete(key);
    this.#until.set(key, at + SKEW);
    for (const [old, until] of this.#until) {
      // Nearly in the order of their time; one that stays a little longer costs nothing.
      if (until >= now && this.#until.size <= MOST) break;
      this.#until.delete(old);
    }
    return () => void this.#until.delete(key);
  }
}
