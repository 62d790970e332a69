import { fail } from '../../contracts/errors.ts';
import { MAX_LIFETIME_MS } from '../../contracts/grant.ts';
import { STEP_APPROVAL } from '../../contracts/runbook.ts';
import { grantRecords } from '../../contracts/records/grant.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { ApprovalResult, Decided, IssuedGrant, RequestView } from '../ports/grants.ts';
import { oneLine } from '../text.ts';
import { badArguments, checkReason, type Core } from './core.ts';
import { names, sign } from './issue.ts';
import { mustSay } from './people-keys.ts';
import { own, type RequestEntry } from './projection.ts';
import { shown } from './scope.ts';

/** See `Grants.request`. */
export async function request(
  core: Core,
  input: Omit<RecordBody<'grant.requested'>, 'id'>,
): Promise<ApprovalResult> {
  core.assertClock();
  const reason = checkReason(input.reason);
  const { break_glass, needs, approvers, by } = input;
  if (break_glass && reason === '') throw fail('REASON_REQUIRED', { action: 'Break-glass' });
  if (!break_glass && needs === 0) throw badArguments('grant request', 'nothing needs an approval here');
  const others = new Set(approvers.filter((person) => person !== by)).size;
  if (others < needs) {
    const { cap, project, env } = input;
    throw fail('APPROVERS_TOO_FEW', { action: shown(cap), project, env, count: needs, have: others });
  }
  const cls = break_glass ? 'break_glass' : 'std';
  if (input.lifetime_ms > MAX_LIFETIME_MS[cls]) {
    const [hours, max] = [input.lifetime_ms, MAX_LIFETIME_MS[cls]].map((ms) => ms / 3_600_000);
    throw fail('GRANT_LIFETIME', { hours: hours ?? 0, max: max ?? 0, cls });
  }
  const parsed = grantRecords['grant.requested'].safeParse({ ...input, reason, id: core.id('req') });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const why = `${issue?.path.join('.') ?? ''} does not fit: ${issue?.message ?? 'invalid'}`;
    throw badArguments('grant request', why);
  }
  const { id } = parsed.data;
  await core.options.ledger.append('grant.requested', parsed.data, { guard: () => core.assertClock() });
  const grant = needs === 0 ? await signRequest(core, id) : undefined;
  return { request: view(core, id), ...(grant === undefined ? {} : { grant }) };
}

/** See `Grants.approve`. */
export async function approve(
  core: Core,
  id: string,
  by: string,
  plan: string,
  { account, cosign }: Decided = {},
): Promise<ApprovalResult> {
  let complete = false;
  const guard = (): void => {
    core.assertClock();
    if (cosign !== undefined) mustSay(core, cosign, { request: id, by, decision: 'approve', plan });
    if (sent(core, id, cosign)) throw fail('COSIGN_REPLAYED', { id });
    const { body: asked, approvals } = open(core, id);
    const list = asked.approvers.filter((person) => person !== asked.by).join(', ');
    if (by === asked.by) throw fail('APPROVAL_SELF', { approvers: list });
    if (!asked.approvers.includes(by)) throw forbidden(by, asked);
    if (approvals.some((approval) => approval.by === by)) throw fail('APPROVAL_TWICE', { person: by });
    if (plan !== asked.plan) throw fail('GRANT_PLAN_MISMATCH');
    if (asked.cosign === true && cosign === undefined)
      throw fail('COSIGN_REQUIRED', { id, where: `${asked.project}/${asked.env}` });
    complete = approvals.length + 1 >= asked.needs;
  };
  // Once before, so that what is no id at all is refused by its own name; again at the instant of sequencing.
  guard();
  const body = {
    id,
    by,
    plan,
    ...(account === undefined ? {} : { account: account.slice(0, 200) }),
    ...(cosign === undefined ? {} : { cosign }),
  };
  await core.options.ledger.append('grant.approved', body, { guard });
  const grant = complete ? await signRequest(core, id) : undefined;
  return { request: view(core, id), ...(grant === undefined ? {} : { grant }) };
}

/** See `Grants.deny`. */
export async function deny(
  core: Core,
  id: string,
  by: string,
  reason: string,
  { cosign }: Decided = {},
): Promise<RequestView> {
  const guard = (): void => {
    if (cosign !== undefined) mustSay(core, cosign, { request: id, by, decision: 'deny' });
    if (sent(core, id, cosign)) throw fail('COSIGN_REPLAYED', { id });
    const found = find(core, id);
    const { body: asked } = stateOf(core, found) === 'lapsed' ? found : open(core, id);
    if (by !== asked.by && !asked.approvers.includes(by)) throw forbidden(by, asked);
  };
  guard();
  const body = { id, by, reason: checkReason(reason), ...(cosign === undefined ? {} : { cosign }) };
  await core.options.ledger.append('grant.denied', body, { guard });
  return view(core, id);
}

/** Whether this very statement stands in the record of the request already. */
function sent(core: Core, id: string, cosign: string | undefined): boolean {
  if (cosign === undefined) return false;
  const { approvals, denied } = find(core, id);
  return denied?.cosign === cosign || approvals.some((approval) => approval.cosign === cosign);
}

/** See `Grants.completeRequests`. */
export async function completeRequests(core: Core): Promise<IssuedGrant[]> {
  const done: IssuedGrant[] = [];
  for (const [id, entry] of Object.entries(core.state.requests)) {
    if (!approved(entry) || entry.gid !== null) continue;
    if (approvedAt(entry) + entry.body.lifetime_ms <= core.latest()) continue;
    done.push(await signRequest(core, id));
  }
  return done;
}

/** See `Grants.unfinished`. */
export function unfinished(core: Core, began: (job: string, gid: string) => boolean): RequestView[] {
  const waits = (entry: RequestEntry): boolean => {
    // The question of a running job's step starts nothing.
    if (!approved(entry) || entry.body.command === STEP_APPROVAL) return false;
    // A kept one is used when its person acts.
    if (entry.body.keep === true) return false;
    if (entry.gid === null) return true;
    const { gid } = entry;
    const grant = own(core.state.grants, gid);
    return grant !== undefined && !Object.keys(grant.jobs).some((job) => began(job, gid));
  };
  return Object.entries(core.state.requests).flatMap(([id, entry]) => (waits(entry) ? [view(core, id)] : []));
}

/** See `Grants.lapse`. */
export async function lapse(core: Core, id: string, code: string, why: string): Promise<void> {
  const guard = (): void => {
    if (!approved(find(core, id))) throw fail('REQUEST_CLOSED', { id, state: stateOf(core, find(core, id)) });
  };
  await core.options.ledger.append(
    'grant.lapsed',
    { id, code: code.slice(0, 64), why: oneLine(why, 1000) },
    { guard },
  );
}

/** Everybody needed has approved, and neither a denial nor a failure came after. */
const approved = ({ body, approvals, denied, lapsed }: RequestEntry): boolean =>
  denied === null && lapsed === null && approvals.length >= body.needs;

/** The grant a fully approved request stands for. Its clock starts at the last approval; nobody gets two. */
async function signRequest(core: Core, id: string): Promise<IssuedGrant> {
  const entry = find(core, id);
  const { by, project, cap, also, plan, uses, lifetime_ms, break_glass, approvers, reason } = entry.body;
  const apr = entry.approvals.map((approval) => approval.by);
  const iat = approvedAt(entry);
  const draft = {
    iss: apr.at(-1) ?? by,
    sub: `person:${by}`,
    prj: names([project, ...(also?.prj ?? [])]),
    cap: names([cap, ...(also?.cap ?? [])]),
    iat,
    nbf: iat,
    exp: iat + lifetime_ms,
    uses,
    cls: break_glass ? ('break_glass' as const) : ('std' as const),
    par: null,
    plan,
    rsn: reason,
    apr,
  };
  const skipped = approvers.filter((person) => person !== by && !apr.includes(person));
  return sign(core, draft, {
    how: 'approved',
    request: id,
    skipped,
    guard: () => {
      const { gid, denied } = find(core, id);
      if (gid !== null) throw fail('REQUEST_CLOSED', { id, state: 'granted' });
      if (denied !== null) throw fail('REQUEST_CLOSED', { id, state: 'denied' });
    },
  });
}

export function view(core: Core, id: string): RequestView {
  const { body, at, approvals, denied, lapsed, expired, gid } = find(core, id);
  const state = stateOf(core, find(core, id));
  return { ...body, at, state, approvals: [...approvals], denied, lapsed, expired, gid };
}

export function stateOf(
  core: Core,
  { body, approvals, denied, lapsed, expired, gid }: RequestEntry,
): RequestView['state'] {
  if (lapsed !== null) return denied === null ? 'lapsed' : 'denied';
  if (gid !== null) return 'granted';
  if (denied !== null) return 'denied';
  if (approvals.length >= body.needs) return 'approved';
  return expired !== null || body.expires <= core.latest() ? 'expired' : 'open';
}

function find(core: Core, id: string): RequestEntry {
  const entry = own(core.state.requests, id);
  if (entry === undefined) throw fail('REQUEST_NOT_FOUND', { id: shown(id) });
  return entry;
}

/** Throws `REQUEST_NOT_FOUND`, `REQUEST_CLOSED`. */
function open(core: Core, id: string): RequestEntry {
  const entry = find(core, id);
  const state = stateOf(core, entry);
  if (state !== 'open') throw fail('REQUEST_CLOSED', { id, state });
  return entry;
}

const approvedAt = ({ approvals, at }: RequestEntry): number => approvals.at(-1)?.at ?? at;

const forbidden = (person: string, { project, env }: RecordBody<'grant.requested'>): Error =>
  fail('FORBIDDEN', { person: shown(person), verb: 'approve', where: `${project}/${env}` });
