import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { Slug } from '../../../contracts/ids.ts';
import { channelKind, ChannelProblem, type AlertLine, type Notice } from '../channel.ts';
import { iso } from '../../time.ts';
import { post } from '../post.ts';

const schema = z
  .strictObject({
    /** https, or http to a host of network.allow. */
    url: z
      .url({ protocol: /^https?$/ })
      .max(2000)
      .optional(),
    /** Name of the secret that holds the address, where it is one. */
    url_secret: Slug.optional(),
    /** Name of the secret with the signing key, `whsec_` and base64. */
    secret: Slug,
    /** During a rotation, the one before: the receiver may know either. */
    previous_secret: Slug.optional(),
  })
  .refine((o) => (o.url === undefined) !== (o.url_secret === undefined), 'give either url or url_secret');

/**
 * The signature of Standard Webhooks (standardwebhooks.com, version 1): `v1,` and base64 of HMAC-SHA256 over
 * `id.timestamp.body`.
 *
 * @param secret `whsec_` and the key in base64, 24 to 64 bytes
 * @param seconds since the epoch
 */
export function signatureOf(secret: string, id: string, seconds: number, body: string): string {
  const text = secret.trim();
  const key = Buffer.from(text.slice('whsec_'.length), 'base64');
  if (!/^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text) || key.length < 24 || key.length > 64)
    throw new ChannelProblem('the signing secret is not whsec_ and 24 to 64 bytes in base64', {
      permanent: true,
    });
  return `v1,${createHmac('sha256', key).update(`${id}.${seconds}.${body}`).digest('base64')}`;
}

/** The same bytes in every try, as far as the alerts are the same. */
export function bodyOf(notice: Notice): string {
  return JSON.stringify({
    type: `alert.${notice.event}`,
    timestamp: iso(notice.at),
    data: {
      id: notice.id,
      estate: notice.estate,
      tone: notice.tone,
      title: notice.title,
      text: notice.text,
      alerts: notice.alerts.map(alertOf),
      others: notice.others,
      ...(notice.job === undefined ? {} : { job: notice.job }),
    },
  });
}

const alertOf = ({ opened, resolved, ack, seq, ...alert }: AlertLine) => ({
  ...alert,
  /** The opening this belongs to: the same key raised again later has another. */
  episode: seq,
  state: resolved === null ? 'open' : 'resolved',
  raised_at: iso(opened),
  resolved_at: resolved === null ? null : iso(resolved.at),
  resolved_why: resolved?.why ?? null,
  acknowledged_by: ack?.by ?? null,
});

/** Posts JSON, signed after Standard Webhooks, so that a receiver can tell that it is ours and drop doubles by its id. */
export const webhook = channelKind({
  kind: 'webhook',
  summary: 'Posts signed JSON (Standard Webhooks) to a URL.',
  schema,
  example: 'url: https://hooks.example/reeve\nsecret: ops-hook-key # whsec_…, stored by `reeve secret set`',
  secrets: ({ secret, previous_secret, url_secret }) =>
    [secret, previous_secret, url_secret].filter((name) => name !== undefined),
  open(options, { clock, secrets, allowed }) {
    return {
      async send(notice, signal) {
        const url = options.url ?? (await secrets.get(options.url_secret ?? '')).trim();
        const keys = [await secrets.get(options.secret)];
        if (options.previous_secret !== undefined) keys.push(await secrets.get(options.previous_secret));
        const body = bodyOf(notice);
        const seconds = Math.floor(clock.now() / 1000);
        await post(
          {
            url,
            body,
            headers: {
              'webhook-id': notice.id,
              'webhook-timestamp': String(seconds),
              'webhook-signature': keys.map((key) => signatureOf(key, notice.id, seconds, body)).join(' '),
            },
          },
          { allowed: allowed(), signal, now: clock.now() },
        );
      },
    };
  },
});
