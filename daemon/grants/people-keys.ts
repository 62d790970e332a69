import { PersonId } from '../../contracts/ids.ts';
import { fail } from '../../contracts/errors.ts';
import type { CoSignature, CoSignLook } from '../../contracts/cosign.ts';
import { openPublicLine, openStatement } from '../cosign.ts';
import { checkPublicKey } from '../enrol-key.ts';
import type { PersonKeyView, Signed } from '../ports/grants.ts';
import { checkReason, type Core } from './core.ts';
import { own, type PersonKey } from './projection.ts';
import { iso, shown } from './scope.ts';

/** A clock of another machine that is this far ahead or behind is still right, ms. */
const SKEW_MS = 30_000;
/** No statement counts for longer, whatever it says, ms. */
const LONGEST_MS = 10 * 60_000;

/** See `Grants.enrolPersonKey`. */
export async function enrolPersonKey(
  core: Core,
  person: string,
  line: string,
  by: string,
  reason: string,
): Promise<PersonKeyView> {
  const { raw, kid } = openPublicLine(line);
  checkPublicKey(raw);
  const free = (): void => {
    const known = own(core.state.people_keys, kid);
    if (known !== undefined)
      throw fail('KEY_TAKEN', {
        kid,
        whose: `${known.person}${known.revoked === null ? '' : ', revoked'}`,
      });
    if (own(core.state.keys, kid) !== undefined) throw fail('KEY_TAKEN', { kid, whose: 'the daemon' });
  };
  free();
  const body = {
    person: PersonId.parse(person),
    kid,
    public_key: Buffer.from(raw).toString('base64'),
    by,
    reason: checkReason(reason),
  };
  await core.options.ledger.append('person.key_enrolled', body, { guard: free });
  return viewOf(core, kid);
}

/** See `Grants.revokePersonKey`. */
export async function revokePersonKey(
  core: Core,
  kid: string,
  by: string,
  reason: string,
): Promise<PersonKeyView> {
  const guard = (): void => {
    const key = find(core, kid);
    if (key.revoked !== null) throw revoked(kid, key.revoked);
  };
  guard();
  await core.options.ledger.append('person.key_revoked', { kid, by, reason: checkReason(reason) }, { guard });
  return viewOf(core, kid);
}

export const personKeys = (core: Core): PersonKeyView[] =>
  Object.entries(core.state.people_keys)
    .map(([kid, key]) => ({ kid, ...key }))
    .toSorted((a, b) => b.at - a.at);

/** See `Grants.decision`. */
export function decision(core: Core, token: string): Signed<CoSignature> {
  const statement = openStatement('cosign', token, (kid) => current(core, kid));
  const person = find(core, statement.kid).person;
  if (statement.aud !== core.options.origin) throw fail('COSIGN_OTHER', { what: 'daemon' });
  if (statement.by !== person) throw fail('COSIGN_OTHER', { what: "person's key" });
  inTime(core, statement);
  return { person, statement };
}

/** See `Grants.look`. */
export function look(core: Core, token: string): Signed<CoSignLook> {
  const statement = openStatement('look', token, (kid) => current(core, kid));
  inTime(core, statement);
  return { person: find(core, statement.kid).person, statement };
}

/**
 * That a co-signature says exactly what is about to be recorded, judged at this instant: its key may have been revoked, and
 * its time may have ended, since it arrived. Throws what `decision` throws, `COSIGN_OTHER`, `GRANT_PLAN_MISMATCH`.
 */
export function mustSay(
  core: Core,
  token: string,
  said: Pick<CoSignature, 'request' | 'by' | 'decision'> & { plan?: string },
): void {
  const { person, statement } = decision(core, token);
  if (person !== said.by) throw fail('COSIGN_OTHER', { what: 'person' });
  if (statement.request !== said.request) throw fail('COSIGN_OTHER', { what: 'request' });
  if (statement.decision !== said.decision) throw fail('COSIGN_OTHER', { what: 'decision' });
  if (said.plan !== undefined && statement.plan !== said.plan) throw fail('GRANT_PLAN_MISMATCH');
}

/** The raw public key; it must be enrolled and not revoked. */
function current(core: Core, kid: string): Uint8Array {
  const key = own(core.state.people_keys, kid);
  if (key === undefined) throw fail('COSIGN_KEY_UNKNOWN', { kid });
  if (key.revoked !== null) throw revoked(kid, key.revoked);
  return Buffer.from(key.public_key, 'base64');
}

function inTime(core: Core, { iat, exp }: { iat: number; exp: number }): void {
  core.assertClock();
  const now = core.latest();
  if (iat - SKEW_MS <= now && now < exp + SKEW_MS && exp - iat <= LONGEST_MS && iat < exp) return;
  throw fail('COSIGN_EXPIRED', { iat: iso(iat), exp: iso(exp), now: iso(now) });
}

function find(core: Core, kid: string): PersonKey {
  const key = own(core.state.people_keys, kid);
  if (key === undefined) throw fail('KEY_NOT_FOUND', { kid: shown(kid) });
  return key;
}

const viewOf = (core: Core, kid: string): PersonKeyView => ({ kid, ...find(core, kid) });

const revoked = (kid: string, { by, reason }: { by: string; reason: string }): Error =>
  fail('COSIGN_KEY_REVOKED', { kid, by, reason });
