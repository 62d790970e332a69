import { fail } from '../../../../contracts/errors.ts';
import { parseJsonBody } from '../../../json-body.ts';
import { iso } from '../../../time.ts';
import { macOf, signedBy } from '../hmac.ts';
import { keyOf, type SourceKind } from '../source.ts';

/** How far `webhookTimestamp` may be from our clock, either way, ms (Linear docs, "Webhooks: Securing webhooks"). */
const SKEW = 60_000;
const EVENT = /^[A-Za-z][A-Za-z0-9_]{0,80}$/;
const ID = /^[A-Za-z0-9-]{1,80}$/;

/** Linear signs the raw body (`Linear-Signature`), and the body holds the time (`webhookTimestamp`). */
export const linear: SourceKind = {
  kind: 'linear',
  /** As much as the SDK of Linear takes by default (`LINEAR_WEBHOOK_DEFAULT_MAX_BODY_BYTES`), bytes. */
  maxBody: 5 * 1024 * 1024,
  patience: 5000,
  key: keyOf,

  verify({ body, header }, keys, now) {
    if (!signedBy(keys, [body], [header('linear-signature') ?? '']))
      throw fail('WEBHOOK_UNSIGNED', { source: 'Linear' });
    const id = header('linear-delivery') ?? '';
    const event = header('linear-event') ?? '';
    if (!ID.test(id) || !EVENT.test(event))
      throw fail('WEBHOOK_MALFORMED', {
        why: 'Linear-Delivery or Linear-Event is missing',
        fix: 'Let the proxy in front pass all headers on.',
      });
    const parsed = parseJsonBody(body);
    const sent =
      typeof parsed === 'object' && parsed !== null && 'webhookTimestamp' in parsed
        ? parsed.webhookTimestamp
        : undefined;
    if (typeof sent !== 'number' || !Number.isSafeInteger(sent) || sent < 0)
      throw fail('WEBHOOK_MALFORMED', {
        why: 'its webhookTimestamp is missing or no number of milliseconds',
        fix: 'Linear sends one with each delivery; what came is not from there.',
      });
    if (Math.abs(now - sent) > SKEW)
      throw fail('WEBHOOK_STALE', { sent: iso(sent), now: iso(now), seconds: SKEW / 1000 });
    return { id, event, sent };
  },

  sign: (body, key, { id, event }) => ({
    'content-type': 'application/json; charset=utf-8',
    'linear-delivery': id,
    'linear-event': event,
    'linear-signature': macOf(key, [body]).toString('hex'),
  }),

  sample: (now) => ({
    event: 'Issue',
    body: { action: 'test', type: 'Issue', data: {}, webhookTimestamp: now },
  }),
};
