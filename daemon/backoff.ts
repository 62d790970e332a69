import { sha256Hex } from './digest.ts';

/** First pause and longest pause after a failure, ms. */
export const FIRST_MS = 2000;
export const LONGEST_MS = 600_000;

/**
 * The pause after the n-th failure in a row (from 1), ms: doubling, ± 25 % jitter seeded by the message id, so that many
 * daemons do not come back at the same instant and a test sees the same pause each time.
 */
export function backoff(id: string, n: number): number {
  const plain = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(n - 1, 20));
  const unit = parseInt(sha256Hex(`${id} ${n}`).slice(0, 8), 16) / 2 ** 32;
  return Math.round(plain * (0.75 + unit / 2));
}
