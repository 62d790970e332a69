import type { KeyObject } from 'node:crypto';
import { fail } from '../../contracts/errors.ts';
import { MAX_LIFETIME_MS, type GrantPayload } from '../../contracts/grant.ts';
import type { Halt, Wanted } from '../ports/grants.ts';
import { ancestry, MAX_DEPTH, own, revocationOf, type GrantState } from './projection.ts';
import { toMinute } from '../time.ts';
import { allows, exceeds, iso, shown } from './scope.ts';

/** A key that grants are verified with. */
export interface GrantKey {
  key: KeyObject;
  retired: boolean;
}

/** What a grant is judged by, all of one instant. */
export interface Facts {
  /** This daemon's ledger origin. */
  aud: string;
  /** The earliest and the latest that it may be now, ms: a grant must be valid at both. */
  earliest: number;
  latest: number;
  /** Grant keys only; another purpose's id finds nothing. */
  key(kid: string): GrantKey | undefined;
  halted(project: string): Halt | undefined;
  state: GrantState;
}

/** Rules that a grant may demand in `crit`. There are none yet, so every entry is refused. */
const KNOWN_CRIT: ReadonlySet<string> = new Set();

/** Known and not retired. Throws `GRANT_KEY_UNKNOWN`. */
export function findKey(kid: string, facts: Facts): KeyObject {
  const found = facts.key(kid);
  if (found === undefined || found.retired) throw fail('GRANT_KEY_UNKNOWN', { kid: shown(kid) });
  return found.key;
}

/**
 * Everything after authenticity, in the order of DESIGN §4: crit, audience, nbf ≤ now < exp, lifetime maximum, halted,
 * revoked, subject and scope, child within parent. `uses` is the use count's own question (`checkUses`).
 */
export function judge(payload: GrantPayload, facts: Facts, wanted?: Wanted): void {
  const unknown = payload.crit.find((rule) => !KNOWN_CRIT.has(rule));
  if (unknown !== undefined) throw fail('GRANT_CRIT_UNKNOWN', { crit: unknown });
  if (payload.aud !== facts.aud) throw fail('GRANT_AUDIENCE');
  if (facts.earliest < payload.nbf) throw fail('GRANT_NOT_YET_VALID', { nbf: iso(payload.nbf) });
  if (facts.latest >= payload.exp) throw fail('GRANT_EXPIRED', { exp: iso(payload.exp) });
  checkLifetime(payload);
  for (const project of wanted === undefined ? payload.prj : [wanted.project]) checkHalt(project, facts);
  checkRevoked(payload.gid, facts.state);
  if (wanted !== undefined) checkWanted(payload, wanted);
  checkParents(payload, facts.state);
}

/** Counted from `iat`, so that a grant signed for later is not usable for longer either. Throws `GRANT_LIFETIME`. */
export function checkLifetime({ iat, nbf, exp, cls }: GrantPayload): void {
  const max = MAX_LIFETIME_MS[cls];
  const hours = Math.round(((exp - iat) / 3_600_000) * 100) / 100;
  if (exp - iat > max || iat > nbf || nbf >= exp) {
    throw fail('GRANT_LIFETIME', { hours, max: max / 3_600_000, cls });
  }
}

/** Throws `HALTED`. */
export function checkHalt(project: string, facts: Facts): void {
  const halt = facts.halted(project);
  if (halt === undefined) return;
  const all = halt.scope === 'all';
  throw fail('HALTED', {
    scope: all ? 'Everything' : `Project ${shown(project)}`,
    since: toMinute(halt.since),
    by: halt.by,
    reason: halt.reason,
    flag: all ? '' : ` --project ${shown(project)}`,
  });
}

/** A grant the ledger does not know cannot be known unrevoked. Throws `GRANT_NOT_FOUND`, `GRANT_REVOKED`. */
function checkRevoked(gid: string, state: GrantState): void {
  if (own(state.grants, gid) === undefined) throw fail('GRANT_NOT_FOUND', { gid: shown(gid) });
  if (revocationOf(state, gid) !== undefined) throw fail('GRANT_REVOKED', { gid });
}

function checkWanted(payload: GrantPayload, { project, cap, sub, plan }: Wanted): void {
  if (sub !== undefined && payload.sub !== sub) {
    throw fail('GRANT_SUBJECT', { sub: payload.sub, person: shown(sub) });
  }
  if (cap === undefined ? !payload.prj.includes(project) : !allows(payload, cap, project)) {
    const list = `${payload.cap.join(', ')} on ${payload.prj.join(', ')}`;
    throw fail('GRANT_SCOPE', {
      cap: shown(cap ?? 'anything'),
      project: shown(project),
      allows: list.length > 400 ? `${list.slice(0, 399)}…` : list,
    });
  }
  if (plan !== undefined && payload.plan !== undefined && payload.plan !== plan) {
    throw fail('GRANT_PLAN_MISMATCH');
  }
}

function checkParents(payload: GrantPayload, state: GrantState): void {
  if (payload.par === null) return;
  const line = ancestry(state, payload.gid).map((entry) => entry.payload);
  if (line.length > MAX_DEPTH + 1) throw fail('GRANT_CHILD_WIDER', { why: 'it has too many ancestors' });
  if (line.at(-1)?.par !== null) throw fail('GRANT_CHILD_WIDER', { why: 'a parent is unknown' });
  for (const [i, parent] of line.slice(1).entries()) {
    const why = exceeds(i === 0 ? payload : (line[i] ?? payload), parent);
    if (why !== undefined) throw fail('GRANT_CHILD_WIDER', { why });
  }
}

/** Throws `GRANT_USED_UP`. */
export function checkUses({ gid, uses }: GrantPayload, state: GrantState): void {
  if ((own(state.grants, gid)?.used ?? 0) >= uses) throw fail('GRANT_USED_UP', { gid, uses });
}
