import { CONFIRMED_LIFETIME_MS, MAX_LIFETIME_MS, type GrantPayload } from '../../contracts/grant.ts';
import { fail } from '../../contracts/errors.ts';
import type { Actor } from '../../contracts/admin.ts';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Reply } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import type { z } from 'zod';
import type { ActionContext, Draft, JobWish, PrivilegedAction } from '../ports/actions.ts';
import type { RequestView } from '../ports/grants.ts';
import { planBlocks } from '../plan-view.ts';
import { openRequest, planOf } from './ask.ts';
import {
  approvalsOf,
  hasRoles,
  refuseGlass,
  requireGrant,
  requireRoles,
  requireWork,
  scopeOf,
  typedPlace,
} from './reach.ts';
import { existing, startJob, type StartDeps } from './start.ts';
import { verbFor } from '../verb.ts';

export type Asked = z.output<typeof CommandRequest>;
/** A draft, or one that waits for the caller's confirmation. */
export type Answer = Draft & { confirm?: Reply['confirm'] };

/**
 * What would run, and everything that is decided before anyone is asked. `keeping`: a grant that is kept for this person
 * and exactly this plan may stand in for a role that is missing.
 */
async function prepare(context: ActionContext & StartDeps, wish: JobWish, keeping: boolean) {
  const { config, people, caller, grants } = context;
  const policy = config.environment(wish.project, wish.env);
  const verb = verbFor(wish.action);
  const place = { cap: `${wish.action}:${wish.env}`, project: wish.project };
  const role = people.allows(caller.person, verb, wish.project, wish.env);
  if (!role && !(keeping && grants.keeps(caller.person, place)))
    people.require(caller.person, verb, wish.project, wish.env);
  const plan = await planOf(context, wish);
  const digest = context.planDigest(plan);
  const kept = keeping ? grants.kept(caller.person, digest) : undefined;
  const lacking = kept !== undefined && !hasRoles(context, caller.person, plan);
  if (kept === undefined) requireRoles(context, caller.person, plan);
  return { policy, plan, digest, kept, lacking };
}

/** plan → authorise → confirm → grant → use → job (DESIGN §4, the ways 1 to 3 to a grant). */
export async function admitPrivileged(
  context: ActionContext & StartDeps,
  action: PrivilegedAction,
  args: JsonObject,
  asked: Asked,
): Promise<Answer> {
  const { caller } = context;
  const wish = await action.resolve(context, args);
  const keeping = asked.grant === undefined && wish.break_glass !== true && wish.request_only !== true;
  const { policy, plan, digest, kept, lacking } = await prepare(context, wish, keeping);
  const where = `${wish.project}/${wish.env}`;
  const view = [...(wish.shows ?? []), ...planBlocks(plan, digest)];
  const planData = { plan, plan_digest: digest } as unknown as JsonObject;
  if (asked.dry_run)
    return { title: `Plan: ${plan.title} on ${where}`, tone: 'info', blocks: view, data: planData };

  requireWork(context, plan);
  await context.integrity();
  const sub = `person:${caller.person}`;
  const { approvals, approvers } = approvalsOf(context, plan);
  const needsApproval = approvals > 0 && wish.break_glass !== true;
  if (wish.break_glass === true) refuseGlass(context, plan);
  if (wish.break_glass === true && context.reason === '')
    throw fail('REASON_REQUIRED', { action: 'Break-glass' });

  // A grant made ahead is its own consent where nobody sits in front; a person is still shown what a destructive one does.
  const stands = kept !== undefined && (needsApproval || lacking);
  const ahead = stands ? kept.gid : asked.grant;
  const mustAsk =
    !asked.force &&
    asked.confirm !== digest &&
    (ahead === undefined || (action.destructive && asked.interactive));
  const typed = typedPlace(context, plan);
  if (ahead !== undefined) requireGrant(context, await grantId(context, ahead), sub, plan, digest);
  if (mustAsk) {
    if (asked.confirm !== undefined) throw fail('GRANT_PLAN_MISMATCH');
    if (!asked.interactive)
      throw fail('GRANT_REQUIRED', { action: action.name, project: wish.project, env: wish.env });
    return {
      title: `${plan.title} on ${where}: ${needsApproval && ahead === undefined ? 'ask for approval?' : 'run it?'}`,
      tone: 'warn',
      blocks: view,
      data: planData,
      confirm: {
        digest,
        question: question(action.name, where, needsApproval && ahead === undefined ? approvals : 0, wish),
        ...(typed === undefined ? {} : { typed: typed.env }),
        destructive: action.destructive,
      },
    };
  }
  // A digest can be passed on without a look; the name has to come from the person.
  if (asked.confirm === digest && !asked.force && typed !== undefined && asked.typed !== typed.env)
    throw fail('CONFIRMATION_UNTYPED', { ...typed });

  const anchor: Anchor =
    caller.interaction === undefined
      ? {
          kind: 'nonce',
          id: asked.nonce === undefined ? context.hex(32) : `${caller.person}/${asked.nonce}`,
        }
      : { kind: 'interaction', id: caller.interaction };
  const start = (grant: string, how: string) =>
    startJob(context, {
      wish,
      plan,
      digest,
      grant,
      sub,
      type: action.type,
      actor: { person: caller.person, via: caller.via, account: caller.account },
      reason: context.reason || `${action.name} by ${caller.person}`,
      anchor,
      how,
      confirmed: asked.force || asked.confirm === digest,
    });
  if (ahead !== undefined)
    return start(ahead, stands ? 'the grant that was asked for' : 'a grant made ahead');
  // Asked before: there is nothing to be allowed, so no grant is made.
  const before = wish.retry_of === undefined ? existing(context, plan, anchor) : undefined;
  if (before !== undefined) return before;

  if (needsApproval || wish.request_only === true)
    return openRequest(context, {
      command: action.name,
      args,
      plan,
      digest,
      needs: Math.max(1, approvals),
      approvers: approvers.filter((p) => p !== caller.person),
      wait: policy.request_lifetime,
      uses: 1,
      lifetime_ms: lifetime(plan),
    });

  const skipped =
    wish.break_glass === true && approvals > 0 ? approvers.filter((p) => p !== caller.person) : [];
  const cls = wish.break_glass === true ? 'break_glass' : 'std';
  const issued = await context.grants.issue({
    how: 'confirmed',
    iss: caller.person,
    sub,
    ...scopeOf(plan),
    lifetime_ms: lifetime(plan, cls),
    uses: 1,
    cls,
    plan: digest,
    reason: context.reason || `confirmed by ${caller.person}`,
    ...(skipped.length === 0 ? {} : { skipped }),
  });
  return start(issued.payload.gid, cls === 'break_glass' ? 'break-glass' : 'your confirmation');
}

/** Five minutes, or as long as the plan may take: expiry is checked again before every step, rollback included. */
export function lifetime(plan: Plan, cls: 'std' | 'break_glass' = 'std'): number {
  const whole = plan.timeout_ms * (plan.retries + 1) * 2;
  return Math.min(MAX_LIFETIME_MS[cls], Math.max(CONFIRMED_LIFETIME_MS, whole));
}

/** The id of a grant given by id or as a token. A job's own child grant is no permission for anything beside that job. */
async function grantId(context: ActionContext, given: string): Promise<string> {
  const { gid, par } = given.startsWith('reeve1.')
    ? context.grants.verify(given)
    : await context.grants.show(given);
  if (par !== null) throw fail('GRANT_OF_A_JOB', { gid });
  return gid;
}

function question(name: string, where: string, approvals: number, wish: JobWish): string {
  if (approvals > 0) return `Ask for ${plural(approvals, 'approval')} of exactly this plan?`;
  if (wish.break_glass === true)
    return `Break glass: run ${name} on ${where} without the approvals it needs?`;
  return `Run ${name} on ${where}, exactly as shown?`;
}

/** Who asked, as it was asked; who approved stands in the grant. A request of before this was written down names no account. */
const askerOf = ({ by, via, account }: RequestView): Actor => ({
  person: by,
  via: via ?? 'daemon',
  ...(account === undefined ? {} : { account }),
});

/** What a request asked for, now that it is approved: the plan is made again and must be the same. */
export async function runApproved(
  context: ActionContext & StartDeps,
  action: PrivilegedAction,
  request: RequestView,
  grant: Pick<GrantPayload, 'gid' | 'apr'>,
): Promise<{ job_id: string }> {
  const wish = await action.resolve(context, request.args);
  const { plan, digest } = await prepare(context, wish, false);
  if (digest !== request.plan) throw fail('GRANT_PLAN_MISMATCH');
  requireWork(context, plan);
  await context.integrity();
  const draft = await startJob(context, {
    wish,
    plan,
    digest,
    grant: grant.gid,
    sub: `person:${request.by}`,
    type: action.type,
    actor: askerOf(request),
    reason: request.reason,
    anchor: { kind: 'nonce', id: request.id },
    how: `approval by ${grant.apr.join(', ')}`,
    confirmed: true,
    resume: true,
  });
  return { job_id: draft.job?.id ?? '' };
}
