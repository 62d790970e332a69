import { isUtf8 } from 'node:buffer';
import { verify } from 'node:crypto';
import { fail } from '../../contracts/errors.ts';
import { GrantPayload } from '../../contracts/grant.ts';
import { canonical } from '../canonical.ts';
import type { Wanted } from '../ports/grants.ts';
import { checkUses, findKey, judge, type Facts } from './judge.ts';
import { own } from './projection.ts';
import { malformed, parseToken } from './token.ts';

/** In canonical JSON a string's own quotes are escaped, so this can match nothing but a member. Schema and canonical form, checked after the signature, prove that it was the only one. */
const KID = /"kid":"(key_[0-9a-f]{16})"/;

/**
 * Verifies a token in exactly the order of DESIGN §4: size and alphabet, base64url, signature form, key known and not
 * retired, signature, strict schema and canonical, then `judge` and the use count. No JSON is parsed before its
 * signature is verified, and the signature is verified by OpenSSL alone. Throws nothing but ReeveError.
 */
export function verifyToken(token: string, facts: Facts, wanted?: Wanted): GrantPayload {
  const payload = authenticate(token, facts);
  judge(payload, facts, wanted);
  checkRecorded(payload, facts);
  checkUses(payload, facts.state);
  return payload;
}

/** The payload of a token that one of our keys signed; says nothing about whether it allows anything now. */
export function authenticate(token: string, facts: Facts): GrantPayload {
  const { signed, payload, signature } = parseToken(token);
  const text = payload.toString('utf8');
  const kid = KID.exec(text)?.[1];
  if (kid === undefined) throw malformed('it names no key');
  if (!verify(null, signed, findKey(kid, facts), signature)) throw fail('GRANT_BAD_SIGNATURE');
  const grant = readPayload(payload, text);
  if (grant.kid !== kid) throw malformed('it names two keys');
  return grant;
}

/** Strict schema, and the one canonical serialisation of what it holds, byte by byte. Throws `GRANT_MALFORMED`. */
export function readPayload(bytes: Buffer, text = bytes.toString('utf8')): GrantPayload {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw malformed('its payload is not JSON', cause);
  }
  const parsed = GrantPayload.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw malformed(
      `its payload is not a grant (${issue?.path.join('.') || issue?.code || 'form'})`,
      parsed.error,
    );
  }
  let again: string;
  try {
    again = canonical(parsed.data);
  } catch (cause) {
    throw malformed('its payload is not valid Unicode', cause);
  }
  // Text alone would not do: bytes that are no UTF-8 decode to U+FFFD.
  if (again !== text || !isUtf8(bytes)) throw malformed('its payload is not in canonical form');
  return parsed.data;
}

/** The ledger must know exactly this grant: same id with other content was never issued here. */
export function checkRecorded(payload: GrantPayload, { state }: Facts): void {
  const recorded = own(state.grants, payload.gid)?.payload;
  if (recorded === undefined || !same(recorded, payload)) {
    throw fail('GRANT_NOT_FOUND', { gid: payload.gid });
  }
}

/** Equality of two payloads that both passed the schema: flat, lists of strings at most. */
function same(a: GrantPayload, b: GrantPayload): boolean {
  const members = Object.entries(a);
  return (
    members.length === Object.keys(b).length &&
    members.every(([name, value]) => {
      const other: unknown = Reflect.get(b, name);
      if (!Array.isArray(value)) return value === other;
      return Array.isArray(other) && value.length === other.length && value.every((v, i) => v === other[i]);
    })
  );
}
