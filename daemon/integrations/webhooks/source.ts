import { createSecretKey, type KeyObject } from 'node:crypto';
import type { RawDelivery } from '../../ports/webhooks.ts';

/** What a right signature vouches for, and what the headers say beside it. */
export interface Verified {
  /** The sender's own id of the delivery. GitHub does not sign it. */
  id: string;
  event: string;
  /** Time of the signature by the sender's clock, ms, where one is signed. */
  sent?: number;
}

/** One way of calling in; one file each in sources/. */
export interface SourceKind {
  kind: 'github' | 'linear' | 'generic';
  /** Most bytes of a body. */
  maxBody: number;
  /** The sender gives up after so long, ms; it is answered before. */
  patience: number;
  /**
   * Tries each of `keys` and throws WEBHOOK_UNSIGNED, WEBHOOK_STALE or WEBHOOK_MALFORMED. `now`: ms.
   */
  verify(delivery: RawDelivery, keys: readonly KeyObject[], now: number): Verified;
  /** The key of a stored secret; throws with what is wrong with it, for people. */
  key(secret: string): KeyObject;
  /** Headers as the sender would make them, for `reeve webhook test`. */
  sign(
    body: Buffer,
    key: KeyObject,
    about: { id: string; event: string; now: number },
  ): Record<string, string>;
  /** Something to try it with. */
  sample(now: number): { event: string; body: unknown };
}

/** Shorter secrets can be guessed; an empty one is one that everybody knows. */
const SHORTEST = 16;

export function keyOf(secret: string): KeyObject {
  const key = Buffer.from(secret.trim());
  if (key.length < SHORTEST) throw new Error(`it is shorter than ${SHORTEST} characters`);
  return createSecretKey(key);
}
