import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { sha256Hex } from './digest.ts';

/** DER up to the 32 raw bytes (RFC 8410 §4, §7): SubjectPublicKeyInfo and PKCS #8 for Ed25519. */
const SPKI = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex');

export const PUBLIC_KEY_BYTES = 32;
export const SEED_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** The order L of the base point, little-endian (RFC 8032 §5.1). */
const L = Buffer.from('edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010', 'hex');

/** A verification key from 32 raw bytes. Importing costs about as much as a verification: keep the object. */
export function publicKeyFromRaw(raw: Uint8Array): KeyObject {
  if (raw.length !== PUBLIC_KEY_BYTES) throw new RangeError('an Ed25519 public key has 32 bytes');
  return createPublicKey({ key: Buffer.concat([SPKI, raw]), format: 'der', type: 'spki' });
}

/** A signing key from its 32-byte seed. */
export function privateKeyFromSeed(seed: Uint8Array): KeyObject {
  if (seed.length !== SEED_BYTES) throw new RangeError('an Ed25519 seed has 32 bytes');
  return createPrivateKey({ key: Buffer.concat([PKCS8, seed]), format: 'der', type: 'pkcs8' });
}

/** The 32 raw bytes of an Ed25519 key (of its public half when it is private). */
export function rawPublicKey(key: KeyObject): Uint8Array {
  const spki = (key.type === 'private' ? createPublicKey(key) : key).export({ format: 'der', type: 'spki' });
  return new Uint8Array(spki.subarray(SPKI.length));
}

/** `key_` + first 16 hex digits of SHA-256 over the raw public key. */
export function keyId(raw: Uint8Array): string {
  return `key_${sha256Hex(raw).slice(0, 16)}`;
}

/** Whether a signature has 64 bytes and its scalar S is below L; S + L would sign the same bytes (RFC 8032 §5.1.7, §8.4). */
export function isCanonicalSignature(signature: Uint8Array): boolean {
  if (signature.length !== SIGNATURE_BYTES) return false;
  for (let i = 31; i >= 0; i--) {
    const s = signature[32 + i] ?? 0;
    const l = L[i] ?? 0;
    if (s !== l) return s < l;
  }
  return false;
}
