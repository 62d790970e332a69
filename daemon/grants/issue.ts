import { fail } from '../../contracts/errors.ts';
import { GrantPayload } from '../../contracts/grant.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { ChildRequest, IssuedGrant, IssueRequest } from '../ports/grants.ts';
import type { AppendResult } from '../ports/ledger.ts';
import { badArguments, checkReason, type Core } from './core.ts';
import { checkLifetime, findKey } from './judge.ts';
import { ancestry, MAX_DEPTH } from './projection.ts';
import { exceeds } from './scope.ts';
import { signGrant } from './token.ts';

type Draft = Omit<GrantPayload, 'v' | 'gid' | 'kid' | 'aud' | 'crit'>;

export interface SignOptions {
  how: RecordBody<'grant.issued'>['how'];
  /** The request this grant answers. */
  request?: string;
  /** Break-glass: who was skipped. */
  skipped?: readonly string[];
  /** Further conditions at the instant of sequencing; throws to refuse. */
  guard?: () => void;
}

/** A grant made by a person, by a confirmed plan, or under a mandate. */
export async function issue(core: Core, request: IssueRequest): Promise<IssuedGrant> {
  core.assertClock();
  const cls = request.cls ?? 'std';
  const rsn = checkReason(request.reason);
  if (cls === 'break_glass' && rsn === '') throw fail('REASON_REQUIRED', { action: 'A break-glass grant' });
  const iat = now(core);
  const { how, iss, sub, uses, plan, skipped } = request;
  return sign(
    core,
    {
      iss,
      sub,
      prj: names(request.prj),
      cap: names(request.cap),
      iat,
      nbf: iat,
      exp: iat + request.lifetime_ms,
      uses,
      cls,
      par: null,
      ...(plan === undefined ? {} : { plan }),
      rsn,
      apr: [],
    },
    { how, ...(skipped === undefined ? {} : { skipped }) },
  );
}

/** A narrower grant under a valid one. */
export async function child(core: Core, parentId: string, request: ChildRequest): Promise<IssuedGrant> {
  const parent = core.entry(parentId).payload;
  if (ancestry(core.state, parentId).length > MAX_DEPTH) {
    throw fail('GRANT_CHILD_WIDER', { why: 'it has too many ancestors' });
  }
  const { plan, calls = [] } = request;
  if (parent.plan !== undefined && plan !== undefined && plan !== parent.plan && !calls.includes(plan)) {
    throw fail('GRANT_CHILD_WIDER', { why: "its plan is not part of the parent's" });
  }
  const { iss, sub, cls, apr } = parent;
  const iat = now(core);
  const draft: Draft = {
    iss,
    sub,
    prj: names(request.prj),
    cap: names(request.cap),
    iat,
    nbf: iat,
    exp: request.exp,
    uses: request.uses,
    cls,
    par: parentId,
    ...(plan === undefined ? {} : { plan }),
    rsn: checkReason(request.reason),
    apr,
  };
  return sign(core, draft, {
    how: 'child',
    guard: () => draft.prj.forEach((project) => core.check(parentId, { project })),
  });
}

/** Completes, checks, signs and records a grant; durable when it resolves. A break-glass grant opens its review with it. */
export async function sign(core: Core, draft: Draft, options: SignOptions): Promise<IssuedGrant> {
  const signer = core.options.keys.signer('grant');
  const payload = complete({
    ...draft,
    v: 1,
    gid: core.id('gr'),
    kid: signer.kid,
    aud: core.options.origin,
    crit: [],
  });
  checkLifetime(payload);
  const parent = payload.par === null ? undefined : core.entry(payload.par).payload;
  const why = parent === undefined ? undefined : exceeds(payload, parent);
  if (why !== undefined) throw fail('GRANT_CHILD_WIDER', { why });
  const { how, request } = options;
  const token = signGrant(payload, signer);
  const body = { grant: payload, how, ...(request === undefined ? {} : { request }) };
  const issued = record(core, 'grant.issued', body, () => {
    core.assertClock();
    findKey(payload.kid, core.facts());
    options.guard?.();
  });
  const { result, review } = await withReview(issued, () =>
    payload.cls === 'break_glass' && payload.par === null
      ? openReview(core, payload.gid, { skipped: options.skipped ?? [], reason: payload.rsn })
      : undefined,
  );
  return { token, payload, seq: result.record.seq, ...(review === undefined ? {} : { review }) };
}

interface Recorded {
  done: Promise<AppendResult>;
  /** Whether it was sequenced in this turn; a ledger that just found its disk full does so later. */
  passed: boolean;
}

interface Opened {
  id: string;
  done: Promise<unknown>;
}

/** Appends and says at once whether the guard let it pass: sequencing is synchronous (ports/ledger.ts). */
export function record<T extends 'grant.issued' | 'grant.used'>(
  core: Core,
  type: T,
  body: RecordBody<T>,
  guard: () => void,
): Recorded {
  let passed = false;
  const done = core.options.ledger.append(type, body, {
    guard: () => {
      guard();
      passed = true;
    },
  });
  return { done, passed };
}

/** The review goes into the same flush as what it reviews, so that neither is acknowledged without the other. */
export async function withReview(
  { done, passed }: Recorded,
  open: () => Opened | undefined,
): Promise<{ result: AppendResult; review: string | undefined }> {
  const early = passed ? open() : undefined;
  const [result] = await Promise.all([done, early?.done]);
  const review = passed ? early : open();
  await review?.done;
  return { result, review: review?.id };
}

export function openReview(
  core: Core,
  gid: string,
  { skipped, reason, job }: { skipped: readonly string[]; reason: string; job?: string | undefined },
): Opened {
  const id = core.id('rev');
  const body = { id, gid, skipped: [...skipped], reason, ...(job === undefined ? {} : { job }) };
  return { id, done: core.options.ledger.append('review.opened', body) };
}

/** Throws `GRANT_EMPTY_SCOPE` or `ARGUMENTS_INVALID` for what the schema refuses. */
function complete(payload: GrantPayload): GrantPayload {
  const { prj, cap } = payload;
  const star = [...prj, ...cap].some((name) => name.includes('*'));
  if (prj.length === 0 || cap.length === 0 || star) throw fail('GRANT_EMPTY_SCOPE');
  const parsed = GrantPayload.safeParse(payload);
  if (parsed.success) {
    // The fold and the caller hold the same object.
    for (const list of [parsed.data.prj, parsed.data.cap, parsed.data.apr, parsed.data.crit])
      Object.freeze(list);
    return Object.freeze(parsed.data);
  }
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw badArguments('preauth create-grant', `${field} does not fit: ${issue?.message ?? 'invalid'}`);
}

/** Sorted and without repetition, so that the same permission is always the same bytes. */
export const names = (list: readonly string[]): string[] => [...new Set(list)].sort();

/** Never before the ledger's last record, so that a grant is valid from the moment it is made. */
const now = (core: Core): number => Math.max(core.options.clock.now(), core.options.ledger.lastTs());
