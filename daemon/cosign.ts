import { isUtf8 } from 'node:buffer';
import { sign, verify, type KeyObject } from 'node:crypto';
import type { z } from 'zod';
import { CoSignature, CoSignLook } from '../contracts/cosign.ts';
import { fail } from '../contracts/errors.ts';
import { canonical } from './canonical.ts';
import {
  isCanonicalSignature,
  keyId,
  PUBLIC_KEY_BYTES,
  publicKeyFromRaw,
  rawPublicKey,
  SIGNATURE_BYTES,
} from './ed25519.ts';

/** What people sign with keys of their own. Domains of their own: nothing signed for one purpose is read for another. */
const KINDS = {
  cosign: { prefix: 'reevecosign1', domain: 'reeve/cosign/v1\0', schema: CoSignature },
  look: { prefix: 'reevelook1', domain: 'reeve/look/v1\0', schema: CoSignLook },
} as const;
type Kind = keyof typeof KINDS;
export type Statement<K extends Kind> = z.infer<(typeof KINDS)[K]['schema']>;

const MAX_CHARS = 8000;
const PUBLIC_PREFIX = 'reevekey1';
const PUBLIC_DOMAIN = Buffer.from('reeve/key/v1\0', 'latin1');

/** Signs a statement, which names the key's id. */
export function signStatement<K extends Kind>(kind: K, statement: Statement<K>, key: KeyObject): string {
  const { prefix, domain } = KINDS[kind];
  const bytes = Buffer.from(canonical(statement), 'utf8');
  const signature = sign(null, Buffer.concat([Buffer.from(domain, 'latin1'), bytes]), key);
  return `${prefix}.${bytes.toString('base64url')}.${signature.toString('base64url')}`;
}

/**
 * The statement of a token. `keyOf` gives the raw public key of an enrolled key id, and throws when that one does not
 * count. No JSON is parsed before its signature is verified. Throws `COSIGN_MALFORMED`, `COSIGN_BAD_SIGNATURE` and what
 * `keyOf` throws; says nothing of time, request or plan.
 */
export function openStatement<K extends Kind>(
  kind: K,
  token: string,
  keyOf: (kid: string) => Uint8Array,
): Statement<K> {
  const { prefix, domain, schema } = KINDS[kind];
  if (token.length > MAX_CHARS) throw malformed('it is too long');
  const [head, body, tail, ...more] = token.split('.');
  if (head !== prefix || body === undefined || tail === undefined || more.length > 0)
    throw malformed(`it is not ${prefix}.<payload>.<signature>`);
  const payload = decoded(body, 'payload');
  const signature = decoded(tail, 'signature');
  if (signature.length !== SIGNATURE_BYTES) throw malformed('its signature does not have 64 bytes');
  if (!isCanonicalSignature(signature)) throw malformed('its signature is not in its one canonical form');
  // In canonical JSON a string's own quotes are escaped, so this matches nothing but a member.
  const text = payload.toString('utf8');
  const kid = /"kid":"(key_[0-9a-f]{16})"/.exec(text)?.[1];
  if (kid === undefined) throw malformed('it names no key');
  const signed = Buffer.concat([Buffer.from(domain, 'latin1'), payload]);
  if (!verify(null, signed, publicKeyFromRaw(keyOf(kid)), signature)) throw fail('COSIGN_BAD_SIGNATURE');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('its payload is not JSON', cause);
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success)
    throw malformed(`its payload has the wrong form (${parsed.error.issues[0]?.path.join('.') ?? ''})`);
  const statement = parsed.data as Statement<K>;
  if (statement.kid !== kid || canonical(statement) !== text || !isUtf8(payload))
    throw malformed('its payload is not in canonical form');
  return statement;
}

/** The public half as one line for people to pass on, signed by the key itself: nobody enrols a key they do not hold. */
export function publicLine(key: KeyObject): string {
  const raw = Buffer.from(rawPublicKey(key));
  const proof = sign(null, Buffer.concat([PUBLIC_DOMAIN, raw]), key);
  return `${PUBLIC_PREFIX}.${raw.toString('base64url')}.${proof.toString('base64url')}`;
}

/** Throws `GRANT_KEY_REJECTED`. The caller checks that the key itself is sound (enrol-key.ts). */
export function openPublicLine(line: string): { raw: Uint8Array; kid: string } {
  const reject = (why: string): Error => fail('GRANT_KEY_REJECTED', { why });
  const match = /^reevekey1\.([A-Za-z0-9_-]{43})\.([A-Za-z0-9_-]{86})$/.exec(line.trim());
  if (match === null) throw reject('it is not the line that `reeve key public` prints');
  const [raw, proof] = [match[1], match[2]].map((part) => Buffer.from(part ?? '', 'base64url'));
  if (raw?.length !== PUBLIC_KEY_BYTES || proof === undefined || !isCanonicalSignature(proof))
    throw reject('it is not the line that `reeve key public` prints');
  let held: boolean;
  try {
    held = verify(null, Buffer.concat([PUBLIC_DOMAIN, raw]), publicKeyFromRaw(raw), proof);
  } catch {
    held = false;
  }
  if (!held) throw reject('whoever made the line does not hold the private key');
  return { raw: new Uint8Array(raw), kid: keyId(raw) };
}

function decoded(part: string, what: string): Buffer {
  const bytes = Buffer.from(part, 'base64url');
  if (bytes.length === 0 || bytes.toString('base64url') !== part)
    throw malformed(`its ${what} is not clean base64url`);
  return bytes;
}

const malformed = (why: string, cause?: unknown): Error => fail('COSIGN_MALFORMED', { why }, { cause });
