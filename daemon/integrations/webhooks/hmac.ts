import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

const HEX = /^[0-9a-f]{64}$/;
const BASE64 = /^[A-Za-z0-9+/]{43}=$/;

/**
 * Whether one of the signatures is the HMAC-SHA256 of `parts` under one of the keys. Every key is tried against every
 * signature, whichever fits, in constant time. What is not 32 bytes of hex or base64 is no signature.
 */
export function signedBy(
  keys: readonly KeyObject[],
  parts: readonly (string | Buffer)[],
  signatures: readonly string[],
): boolean {
  const given = signatures.flatMap((text) =>
    HEX.test(text) ? [Buffer.from(text, 'hex')] : BASE64.test(text) ? [Buffer.from(text, 'base64')] : [],
  );
  let good = false;
  for (const key of keys) {
    const mac = macOf(key, parts);
    for (const signature of given) if (timingSafeEqual(mac, signature)) good = true;
  }
  return good;
}

/** A KeyObject and no bytes: those are looked at anew, whether they are one, for each signature. */
export function macOf(key: KeyObject, parts: readonly (string | Buffer)[]): Buffer {
  const hmac = createHmac('sha256', key);
  for (const part of parts) hmac.update(part);
  return hmac.digest();
}
