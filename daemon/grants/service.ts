import { fail } from '../../contracts/errors.ts';
import type { GrantPayload, GrantView } from '../../contracts/grant.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { Grants, ReviewView, Wanted } from '../ports/grants.ts';
import { checkReason, Core, type GrantsOptions } from './core.ts';
import { child, issue } from './issue.ts';
import { findKey } from './judge.ts';
import { keeps, kept, remind } from './overdue.ts';
import { decision, enrolPersonKey, look, personKeys, revokePersonKey } from './people-keys.ts';
import { own, revocationOf, type GrantEntry, type ReviewEntry } from './projection.ts';
import { approve, completeRequests, deny, lapse, request, unfinished, view } from './requests.ts';
import { shown } from './scope.ts';
import { signGrant } from './token.ts';
import { use } from './use.ts';
import { verifyToken } from './verify.ts';

/** The grant service over a ledger, its fold and a key store. See `Grants` for what each call promises. */
export function grantService(options: GrantsOptions): Grants {
  const core = new Core(options);
  const { ledger, keys } = options;
  return {
    enrolKeys: (by) => enrolKeys(core, by),
    issue: (input) => issue(core, input),
    child: (parent, input) => child(core, parent, input),
    use: (input) => use(core, input),
    check: (gid, wanted) => core.check(gid, wanted).payload,
    verify(token: string, wanted?: Wanted): GrantPayload {
      core.assertClock();
      return verifyToken(token, core.facts(), wanted);
    },
    async list({ activeOnly = false } = {}) {
      await ledger.settled();
      const views = Object.values(core.state.grants)
        .sort((a, b) => b.seq - a.seq)
        .map((entry) => grantView(core, entry));
      return activeOnly ? views.filter(({ state }) => state === 'active') : views;
    },
    async show(gid) {
      await ledger.settled();
      return grantView(core, core.entry(gid));
    },
    async token(gid) {
      await ledger.settled();
      const { payload } = core.entry(gid);
      findKey(payload.kid, core.facts());
      return signGrant(payload, keys.signer('grant'));
    },
    revoke: (what, by, reason) => revoke(core, what, by, reason),

    request: (input) => request(core, input),
    approve: (id, by, plan, how) => approve(core, id, by, plan, how),
    deny: (id, by, reason, how) => deny(core, id, by, reason, how),
    async requests({ openOnly = false } = {}) {
      await ledger.settled();
      const views = Object.keys(core.state.requests).map((id) => view(core, id));
      const wanted = openOnly ? views.filter(({ state }) => state === 'open') : views;
      return wanted.sort((a, b) => b.at - a.at);
    },
    completeRequests: () => completeRequests(core),
    async unfinished(began) {
      await ledger.settled();
      return unfinished(core, began);
    },
    lapse: (id, code, why) => lapse(core, id, code, why),
    remind: () => remind(core),
    kept: (person, plan) => kept(core, person, plan),
    keeps: (person, what) => keeps(core, person, what),

    enrolPersonKey: (person, line, by, reason) => enrolPersonKey(core, person, line, by, reason),
    revokePersonKey: (kid, by, reason) => revokePersonKey(core, kid, by, reason),
    personKeys: () => personKeys(core),
    decision: (token) => decision(core, token),
    look: (token) => look(core, token),

    async reviews({ openOnly = false } = {}) {
      await ledger.settled();
      const views = Object.values(core.state.reviews).map(reviewView);
      return (openOnly ? views.filter(({ closed }) => closed === null) : views).sort((a, b) => a.at - b.at);
    },
    closeReview: (id, by, verdict, reviewers) => closeReview(core, id, by, verdict, reviewers),
  };
}

async function enrolKeys(core: Core, by: string): Promise<void> {
  const { ledger, keys } = core.options;
  for (const { kid, purpose, publicKey, retired } of keys.list()) {
    const known = own(core.state.keys, kid);
    if (known !== undefined && known.public_key !== publicKey) {
      throw fail('KEYS_DAMAGED', { why: `the ledger knows another public key as ${kid}`, path: 'keys.json' });
    }
    if (known === undefined) await ledger.append('key.created', { kid, purpose, public_key: publicKey, by });
    if (retired !== null && (known?.retired ?? null) === null) {
      await ledger.append('key.retired', { kid, by, reason: 'rotated' });
    }
  }
}

async function revoke(
  core: Core,
  what: { gid: string } | { kid: string } | { sub: string },
  by: string,
  reason: string,
): Promise<{ seq: number; grants: string[] }> {
  const body: RecordBody<'grant.revoked'> = { ...what, by, reason: checkReason(reason) };
  if ('gid' in what) core.entry(what.gid);
  if ('kid' in what && own(core.state.keys, what.kid)?.purpose !== 'grant') {
    throw fail('GRANT_KEY_UNKNOWN', { kid: shown(what.kid) });
  }
  const { record } = await core.options.ledger.append('grant.revoked', body);
  const reached = (gid: string): boolean => revocationOf(core.state, gid)?.seq === record.seq;
  return { seq: record.seq, grants: Object.keys(core.state.grants).filter(reached) };
}

async function closeReview(
  core: Core,
  id: string,
  by: string,
  verdict: string,
  reviewers: readonly string[],
): Promise<ReviewView> {
  const text = checkReason(verdict);
  if (text === '') throw fail('REASON_REQUIRED', { action: 'Closing a review' });
  const find = (): ReviewEntry => {
    const review = own(core.state.reviews, id);
    if (review === undefined || review.closed !== null) throw fail('REVIEW_NOT_FOUND', { id: shown(id) });
    return review;
  };
  const guard = (): void => {
    const grant = own(core.state.grants, find().body.gid)?.payload;
    const others = reviewers.filter((person) => grant?.sub !== `person:${person}`);
    if (grant?.sub === `person:${by}` && others.length > 0) {
      throw fail('APPROVAL_SELF', { approvers: others.join(', ') });
    }
  };
  guard();
  await core.options.ledger.append('review.closed', { id, by, verdict: text }, { guard });
  const closed = own(core.state.reviews, id);
  if (closed === undefined) throw fail('REVIEW_NOT_FOUND', { id: shown(id) });
  return reviewView(closed);
}

function grantView(core: Core, { payload, used }: GrantEntry): GrantView {
  const revocation = revocationOf(core.state, payload.gid);
  const revoked =
    revocation === undefined ? null : { at: revocation.at, by: revocation.by, reason: revocation.reason };
  const { earliest, latest } = core.facts();
  let state: GrantView['state'] = 'active';
  if (revoked !== null) state = 'revoked';
  else if (payload.exp <= latest) state = 'expired';
  else if (used >= payload.uses) state = 'used_up';
  else if (earliest < payload.nbf) state = 'not_yet';
  return { ...payload, used, state, revoked };
}

const reviewView = ({ body, at, closed, reminded }: ReviewEntry): ReviewView => ({
  ...body,
  at,
  closed,
  reminded,
});
