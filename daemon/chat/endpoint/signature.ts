import { createHmac, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { fail } from '../../../contracts/errors.ts';
import { isCanonicalSignature } from '../../ed25519.ts';
import type { SignedRequest } from '../../ports/chat.ts';

/** How far the time of a signature may be from ours, either way, ms (Slack API docs, "Verifying requests from Slack"). */
export const SKEW = 5 * 60_000;

/** What was signed, and when: the same bytes are the same request. */
export interface Signed {
  text: Buffer;
  at: number;
}

/** Seconds since the epoch, as both platforms write them: no sign, no fraction, no exponent. */
const SECONDS = /^\d{9,11}$/;

/**
 * Checks what Discord signs: Ed25519 over timestamp and raw body (Discord API docs, "Interactions: Validating security
 * request headers"). Throws INTERACTION_UNSIGNED, INTERACTION_STALE.
 */
export function checkDiscord(request: SignedRequest, key: KeyObject, now: number): Signed {
  const seconds = request.header('x-signature-timestamp') ?? '';
  const hex = request.header('x-signature-ed25519') ?? '';
  if (!/^[0-9a-f]{128}$/.test(hex) || !SECONDS.test(seconds)) throw unsigned('Discord');
  const signature = Buffer.from(hex, 'hex');
  const text = Buffer.concat([Buffer.from(seconds), request.body]);
  if (!isCanonicalSignature(signature) || !verify(null, text, key, signature)) throw unsigned('Discord');
  return { text, at: fresh(seconds, now) };
}

/**
 * Checks what Slack signs: HMAC-SHA256 over `v0:timestamp:raw body`, with any of the secrets. Each is computed, whichever
 * fits. Throws INTERACTION_UNSIGNED, INTERACTION_STALE.
 */
export function checkSlack(request: SignedRequest, secrets: readonly string[], now: number): Signed {
  const seconds = request.header('x-slack-request-timestamp') ?? '';
  const [, hex = ''] = /^v0=([0-9a-f]{64})$/.exec(request.header('x-slack-signature') ?? '') ?? [];
  if (hex === '' || !SECONDS.test(seconds)) throw unsigned('Slack');
  const given = Buffer.from(hex, 'hex');
  const text = Buffer.concat([Buffer.from(`v0:${seconds}:`), request.body]);
  let good = false;
  for (const secret of secrets) {
    // An HMAC under an empty key is one that anybody can make.
    if (secret === '') continue;
    if (timingSafeEqual(createHmac('sha256', secret).update(text).digest(), given)) good = true;
  }
  if (!good) throw unsigned('Slack');
  return { text, at: fresh(seconds, now) };
}

const unsigned = (platform: string): Error => fail('INTERACTION_UNSIGNED', { platform });

/** Throws INTERACTION_STALE. */
function fresh(seconds: string, now: number): number {
  const at = Number(seconds) * 1000;
  if (Math.abs(now - at) > SKEW) throw fail('INTERACTION_STALE', { minutes: SKEW / 60_000 });
  return at;
}
