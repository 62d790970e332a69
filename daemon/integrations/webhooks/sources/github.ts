import { fail } from '../../../../contracts/errors.ts';
import { macOf, signedBy } from '../hmac.ts';
import { keyOf, type SourceKind } from '../source.ts';

/** Of an event: `push`, `workflow_run`. Of a delivery: a GUID. */
const EVENT = /^[a-z][a-z0-9_]{0,80}$/;
const ID = /^[A-Za-z0-9-]{1,80}$/;

/**
 * GitHub signs the raw body (`X-Hub-Signature-256`), neither a time nor the id of the delivery (GitHub docs, "Validating
 * webhook deliveries"). So nothing can be too old, and a body counts once under whatever id it comes.
 */
export const github: SourceKind = {
  kind: 'github',
  // GitHub sends no larger payload ("Webhook events and payloads").
  maxBody: 25 * 1024 * 1024,
  patience: 10_000,
  key: keyOf,

  verify({ body, header }, keys) {
    const [, hex = ''] = /^sha256=(.*)$/.exec(header('x-hub-signature-256') ?? '') ?? [];
    if (!signedBy(keys, [body], [hex])) throw fail('WEBHOOK_UNSIGNED', { source: 'GitHub' });
    const id = header('x-github-delivery') ?? '';
    const event = header('x-github-event') ?? '';
    if (!ID.test(id) || !EVENT.test(event))
      throw fail('WEBHOOK_MALFORMED', {
        why: 'X-GitHub-Delivery or X-GitHub-Event is missing',
        fix: 'Let the proxy in front pass all headers on.',
      });
    if (header('content-type')?.split(';')[0]?.trim().toLowerCase() !== 'application/json')
      throw fail('WEBHOOK_MALFORMED', {
        why: 'its content type is not application/json',
        fix: 'Choose “application/json” in the settings of the hook.',
      });
    return { id, event };
  },

  sign: (body, key, { id, event }) => ({
    'content-type': 'application/json',
    'x-github-delivery': id,
    'x-github-event': event,
    'x-hub-signature-256': `sha256=${macOf(key, [body]).toString('hex')}`,
  }),

  sample: (now) => ({ event: 'ping', body: { zen: 'Sent by reeve webhook test.', hook_id: 0, at: now } }),
};
