import { createHmac } from 'node:crypto';
import { timestampOf, type Manner } from '../platform/manner.ts';
import type { App } from './world.ts';

/** The exact request, v0 HMAC: keep it and send it again for a replay. `form` puts JSON into a `payload` field. */
export function signedRequest(
  app: App,
  payload: Record<string, unknown>,
  as: 'form' | 'payload' | 'json',
  now: number,
  manner: Manner = 'right',
): { headers: Record<string, string>; body: string } {
  const timestamp = timestampOf(manner, now);
  const body =
    as === 'json'
      ? JSON.stringify(payload)
      : new URLSearchParams(
          as === 'payload' ? { payload: JSON.stringify(payload) } : (payload as Record<string, string>),
        ).toString();
  const secret = manner === 'other-key' ? 'another secret' : app.signingSecret;
  const hex = createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex');
  const flipped = hex.replace(/^./u, (digit) => (digit === '0' ? '1' : '0'));
  const signature = `v0=${manner === 'wrong' ? flipped : manner === 'short' ? hex.slice(2) : hex}`;
  return {
    body: manner === 'other-body' ? `${body}&x=1` : body,
    headers: {
      'content-type': as === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
      'user-agent': 'Slackbot 1.0 (+https://api.slack.com/robots)',
      ...(manner === 'no-signature' ? {} : { 'x-slack-signature': signature }),
      ...(manner === 'no-timestamp' ? {} : { 'x-slack-request-timestamp': timestamp }),
    },
  };
}
