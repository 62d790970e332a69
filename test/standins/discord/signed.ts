import { createPrivateKey, sign } from 'node:crypto';
import { timestampOf, type Manner } from '../platform/manner.ts';
import type { App } from './world.ts';

/** The exact request of a signed interaction: keep it and send it again for a replay. */
export function signedRequest(
  app: App,
  payload: object,
  now: number,
  manner: Manner = 'right',
  otherKey?: Buffer,
): { headers: Record<string, string>; body: string } {
  const timestamp = timestampOf(manner, now);
  const body = JSON.stringify(payload);
  const der = manner === 'other-key' && otherKey !== undefined ? otherKey : app.privateKey;
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const signature = sign(null, Buffer.from(timestamp + body), key);
  if (manner === 'wrong') signature[0] = (signature[0] ?? 0) ^ 1;
  const hex = signature.toString('hex');
  return {
    body: manner === 'other-body' ? body.replace('{', '{ ') : body,
    headers: {
      'content-type': 'application/json',
      'user-agent': 'Discord-Interactions/1.0 (+https://discord.com)',
      ...(manner === 'no-signature'
        ? {}
        : { 'x-signature-ed25519': manner === 'short' ? hex.slice(2) : hex }),
      ...(manner === 'no-timestamp' ? {} : { 'x-signature-timestamp': timestamp }),
    },
  };
}
