import { fail } from '../../contracts/errors.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import { canonical } from '../canonical.ts';
import { isCanonicalSignature, SIGNATURE_BYTES } from '../ed25519.ts';

export const TOKEN_PREFIX = 'reeve1';
/** Domain separation: what any other key or purpose signs can never be read as a grant. */
const DOMAIN = Buffer.from('reeve/grant/v1\0', 'latin1');
/** A grant that uses every list and string to its limit has about 48 KiB; anything longer is no grant. */
export const MAX_TOKEN_CHARS = 64 * 1024;

const SHAPE = /^reeve1\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;
const SIGNATURE_CHARS = Math.ceil((SIGNATURE_BYTES * 4) / 3);

export interface ParsedToken {
  /** Domain ‖ payload: what the signature covers. */
  signed: Buffer;
  payload: Buffer;
  signature: Buffer;
}

/** The exact bytes a grant's signature covers. */
export function signedBytes(payload: Uint8Array): Buffer {
  return Buffer.concat([DOMAIN, payload]);
}

/** Signs a payload and gives the token. The payload must be valid and name the signer's key. */
export function signGrant(payload: GrantPayload, signer: { sign(bytes: Uint8Array): Uint8Array }): string {
  const bytes = Buffer.from(canonical(payload), 'utf8');
  const signature = Buffer.from(signer.sign(signedBytes(bytes)));
  return `${TOKEN_PREFIX}.${bytes.toString('base64url')}.${signature.toString('base64url')}`;
}

/**
 * Takes a token apart: size and alphabet, base64url that re-encodes to itself (RFC 4648 §3.5: no padding, white space or
 * stray trailing bits), a 64-byte signature with S < L. Nothing inside the payload is looked at. Throws
 * `GRANT_MALFORMED`.
 */
export function parseToken(token: string): ParsedToken {
  if (token.length > MAX_TOKEN_CHARS) throw malformed('it is too long');
  const [, body, tail] = SHAPE.exec(token) ?? [];
  if (body === undefined || tail === undefined) throw malformed('it is not reeve1.<payload>.<signature>');
  const signed = Buffer.allocUnsafe(DOMAIN.length + Math.floor((body.length * 3) / 4));
  DOMAIN.copy(signed);
  const wrote = signed.write(body, DOMAIN.length, 'base64url');
  if (wrote !== signed.length - DOMAIN.length || signed.toString('base64url', DOMAIN.length) !== body) {
    throw malformed('its payload is not clean base64url');
  }
  if (tail.length !== SIGNATURE_CHARS) throw malformed('its signature does not have 64 bytes');
  const signature = Buffer.from(tail, 'base64url');
  if (signature.toString('base64url') !== tail) throw malformed('its signature is not clean base64url');
  if (!isCanonicalSignature(signature)) throw malformed('its signature is not in its one canonical form');
  return { signed, payload: signed.subarray(DOMAIN.length), signature };
}

export const malformed = (why: string, cause?: unknown): Error => fail('GRANT_MALFORMED', { why }, { cause });
