import { createPrivateKey, sign } from 'node:crypto';
import type { App } from './world.ts';

/** How a signed HTTP interaction is sent; everything but `right` has to be refused. */
export type Manner =
  | 'right'
  /** One bit of the signature is wrong: what Discord itself sends now and then. */
  | 'wrong'
  /** Signed by another key. */
  | 'other-key'
  /** Rightly signed an hour ago. */
  | 'stale'
  /** Rightly signed for an hour from now. */
  | 'future'
  | 'no-signature'
  | 'no-timestamp'
  /** Rightly signed; another body is sent. */
  | 'other-body'
  /** Hexadecimal of the wrong length. */
  | 'short'
  /** Not a number, rightly signed. */
  | 'nan-timestamp';

const HOUR = 3_600;

/** The exact request of a signed interaction: keep it and send it again for a replay. */
export function signedRequest(
  app: App,
  payload: object,
  now: number,
  manner: Manner = 'right',
  otherKey?: Buffer,
): { headers: Record<string, string>; body: string } {
  const seconds = Math.floor(now / 1_000) + (manner === 'stale' ? -HOUR : manner === 'future' ? HOUR : 0);
  const timestamp = manner === 'nan-timestamp' ? 'soon' : String(seconds);
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
