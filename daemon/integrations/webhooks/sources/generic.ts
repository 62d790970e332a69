import { createSecretKey } from 'node:crypto';
import { fail } from '../../../../contracts/errors.ts';
import { parseJsonBody } from '../../../json-body.ts';
import { iso } from '../../../time.ts';
import { macOf, signedBy } from '../hmac.ts';
import type { SourceKind } from '../source.ts';

/** How far `webhook-timestamp` may be from our clock, either way, ms (standardwebhooks.com leaves it to the receiver). */
const SKEW = 5 * 60_000;
/** Seconds since the epoch: no sign, no fraction, no exponent. */
const SECONDS = /^\d{9,11}$/;
const ID = /^[A-Za-z0-9._:-]{1,200}$/;
/** More would only be work for us. */
const MAX_SIGNATURES = 8;

/** Whoever signs as Standard Webhooks says (version 1, HMAC-SHA256 over `id.timestamp.body`). */
export const generic: SourceKind = {
  kind: 'generic',
  maxBody: 1024 * 1024,
  patience: 5000,

  key(secret) {
    const text = secret.trim();
    const key = Buffer.from(text.slice('whsec_'.length), 'base64');
    if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24 || key.length > 64)
      throw new Error('it is not whsec_ and 24 to 64 bytes in base64');
    return createSecretKey(key);
  },

  verify({ body, header }, keys, now) {
    const id = header('webhook-id') ?? '';
    const seconds = header('webhook-timestamp') ?? '';
    const signatures = (header('webhook-signature') ?? '')
      .split(' ')
      .slice(0, MAX_SIGNATURES)
      .flatMap((text) => (text.startsWith('v1,') ? [text.slice(3)] : []));
    if (!ID.test(id) || !SECONDS.test(seconds) || !signedBy(keys, [`${id}.${seconds}.`, body], signatures))
      throw fail('WEBHOOK_UNSIGNED', { source: 'Standard Webhooks' });
    const sent = Number(seconds) * 1000;
    if (Math.abs(now - sent) > SKEW)
      throw fail('WEBHOOK_STALE', { sent: iso(sent), now: iso(now), seconds: SKEW / 1000 });
    const parsed = parseJsonBody(body);
    const type = typeof parsed === 'object' && parsed !== null && 'type' in parsed ? parsed.type : undefined;
    return { id, event: typeof type === 'string' && /^[\w.:/-]{1,120}$/.test(type) ? type : 'event', sent };
  },

  sign(body, key, { id, now }) {
    const seconds = String(Math.floor(now / 1000));
    return {
      'content-type': 'application/json',
      'webhook-id': id,
      'webhook-timestamp': seconds,
      'webhook-signature': `v1,${macOf(key, [`${id}.${seconds}.`, body]).toString('base64')}`,
    };
  },

  sample: (now) => ({
    event: 'reeve.test',
    body: { type: 'reeve.test', timestamp: iso(now), data: { text: 'Sent by reeve webhook test.' } },
  }),
};
