import { CONFIRMED_LIFETIME_MS, MAX_LIFETIME_MS, type GrantPayload } from '../../contracts/grant.ts';
import { fail } from '../../contracts/errors.ts';
import type { CommandRequest } from '../../contracts/api.ts';
import type { Verb } from '../../contracts/estate.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Reply } from '../../contracts/reply.ts';
import type { z } from 'zod';
import type { ActionContext, Draft, JobWish, PrivilegedAction } from '../ports/actions.ts';
import type { IssuedGrant, RequestView } from '../ports/grants.ts';
import { planBlocks } from './plan-view.ts';
import { existing, startJob, type StartDeps } from './start.ts';

export type Asked = z.output<typeof CommandRequest>;
/** A draft, or one that waits for the caller's confirmation. */
export type Answer = Draft & { confirm?: Reply['confirm'] };

const DEPLOY_VERB = new Set(['deploy', 'rollback', 'promote', 'patch', 'heal']);
export const verbFor = (action: string): Verb => (DEPLOY_VERB.has(action) ? 'deploy' : 'run');

/** What would run, and everything that is decided before anyone is asked. */
async function prepare(context: ActionContext & StartDeps, wish: JobWish) {
  const { config, people, caller } = context;
  const policy = config.environment(wish.project, wish.env);
  people.require(caller.person, verbFor(wish.action), wish.project, wish.env);
  const plan = await context.runbooks.plan({
    runbook: wish.runbook,
    action: wish.action,
    project: wish.project,
    env: wish.env,
    inputs: wish.inputs,
    ...(wish.targets === undefined ? {} : { targets: wish.targets }),
  });
  return { policy, plan, digest: context.planDigest(plan) };
}

/** plan → authorise → confirm → grant → use → job (DESIGN §4, the ways 1 to 3 to a grant). */
export async function admitPrivileged(
  context: ActionContext & StartDeps,
  action: PrivilegedAction,
  args: JsonObject,
  asked: Asked,
): Promise<Answer> {
  const { caller, work } = context;
  const wish = await action.resolve(context, args);
  const { policy, plan, digest } = await prepare(context, wish);
  const where = `${wish.project}/${wish.env}`;
  const view = planBlocks(plan, digest);
  const planData = { plan, plan_digest: digest } as unknown as JsonObject;
  if (asked.dry_run)
    return { title: `Plan: ${plan.title} on ${where}`, tone: 'info', blocks: view, data: planData };

  work.admit(wish.project);
  await context.integrity();
  const capability = `${wish.action}:${wish.env}`;
  const sub = `person:${caller.person}`;
  const needsApproval = policy.approvals > 0 && wish.break_glass !== true;
  if (wish.break_glass === true && context.reason === '')
    throw fail('REASON_REQUIRED', { action: 'Break-glass' });

  // A grant made ahead is its own consent where nobody sits in front; a person is still shown what a destructive one does.
  const ahead = asked.grant;
  const mustAsk =
    !asked.force &&
    asked.confirm !== digest &&
    (ahead === undefined || (action.destructive && asked.interactive));
  if (ahead !== undefined) {
    const held = context.grants.check(await grantId(context, ahead), {
      project: wish.project,
      cap: capability,
      sub,
      plan: digest,
    });
    requireConsent(context, held, wish, policy.approvals);
  }
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
        question: question(
          action.name,
          where,
          needsApproval && ahead === undefined ? policy.approvals : 0,
          wish,
        ),
        ...(policy.confirm_typed ? { typed: wish.env } : {}),
        destructive: action.destructive,
      },
    };
  }

  const anchor: Anchor = {
    kind: 'nonce',
    id: asked.nonce === undefined ? context.hex(32) : `${caller.person}/${asked.nonce}`,
  };
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
  if (ahead !== undefined) return start(ahead, 'a grant made ahead');
  // Asked before: there is nothing to be allowed, so no grant is made.
  const before = wish.retry_of === undefined ? existing(context, plan, anchor) : undefined;
  if (before !== undefined) return before;

  if (needsApproval || wish.request_only === true)
    return openRequest(context, action, args, {
      wish,
      plan,
      digest,
      approvals: policy.approvals,
      capability,
      wait: policy.request_lifetime,
    });

  const skipped =
    wish.break_glass === true && policy.approvals > 0
      ? context.people.approversFor(wish.project, wish.env).filter((p) => p !== caller.person)
      : [];
  const cls = wish.break_glass === true ? 'break_glass' : 'std';
  const issued = await context.grants.issue({
    how: 'confirmed',
    iss: caller.person,
    sub,
    prj: [wish.project],
    cap: [capability, ...calledCapabilities(plan)],
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

/** `call` steps run under child grants, so the parent has to cover the callee's capability. */
export function calledCapabilities(plan: Plan): string[] {
  const caps = plan.steps.filter((s) => s.kind === 'call').map((s) => s.spec['capability']);
  return [...new Set(caps.filter((c): c is string => typeof c === 'string'))].filter(
    (c) => c !== `${plan.action}:${plan.env}`,
  );
}

/** Policy as it is now: a grant made when it asked for less, or by somebody who may approve no longer, opens nothing. */
function requireConsent(
  { people }: ActionContext,
  { iss, sub, apr, cls }: GrantPayload,
  { action, project, env }: JobWish,
  count: number,
): void {
  if (count === 0 || cls === 'break_glass') return;
  const approvers = people.approversFor(project, env).filter((p) => `person:${p}` !== sub);
  if (approvers.filter((p) => p === iss || apr.includes(p)).length >= count) return;
  const names = approvers.join(', ') || 'nobody yet';
  throw fail('APPROVAL_REQUIRED', { action: `${action}:${env}`, project, env, count, approvers: names });
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
  if (approvals > 0) return `Ask for ${approvals} approval(s) of exactly this plan?`;
  if (wish.break_glass === true)
    return `Break glass: run ${name} on ${where} without the approvals it needs?`;
  return `Run ${name} on ${where}, exactly as shown?`;
}

async function openRequest(
  context: ActionContext & StartDeps,
  action: PrivilegedAction,
  args: JsonObject,
  at: { wish: JobWish; plan: Plan; digest: string; approvals: number; capability: string; wait: number },
): Promise<Answer> {
  const { caller, people, clock, artifacts } = context;
  const { wish, plan, digest } = at;
  const approvers = people.approversFor(wish.project, wish.env).filter((p) => p !== caller.person);
  const needs = Math.max(1, at.approvals);
  const planRef = await artifacts.put(Buffer.from(JSON.stringify(plan, null, 2)), {
    mediaType: 'application/json',
    name: 'plan.json',
  });
  const { request } = await context.grants.request({
    by: caller.person,
    cap: at.capability,
    project: wish.project,
    env: wish.env,
    plan: digest,
    plan_ref: planRef,
    command: action.name,
    args,
    needs,
    approvers,
    break_glass: false,
    uses: 1,
    lifetime_ms: lifetime(plan),
    reason: context.reason || `${action.name} asked by ${caller.person}`,
    expires: clock.now() + at.wait,
  });
  return {
    title: `Request ${request.id} waits for ${needs} approval(s)`,
    tone: 'warn',
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Asked of', value: approvers.join(', ') },
          { label: 'Plan digest', value: { id: digest } },
          { label: 'Waits until', value: { time: request.expires } },
        ],
      },
      { type: 'hint', text: `An approver runs: reeve grant approve ${request.id}` },
    ],
    data: { request: request as unknown as JsonObject },
  };
}

/** What a request asked for, now that it is approved: the plan is made again and must be the same. */
export async function runApproved(
  context: ActionContext & StartDeps,
  action: PrivilegedAction,
  request: RequestView,
  grant: IssuedGrant,
): Promise<{ job_id: string }> {
  const wish = await action.resolve(context, request.args);
  const { plan, digest } = await prepare(context, wish);
  if (digest !== request.plan) throw fail('GRANT_PLAN_MISMATCH');
  context.work.admit(wish.project);
  await context.integrity();
  const draft = await startJob(context, {
    wish,
    plan,
    digest,
    grant: grant.payload.gid,
    sub: `person:${request.by}`,
    type: action.type,
    actor: { person: request.by, via: context.caller.via, account: context.caller.account },
    reason: request.reason,
    anchor: { kind: 'nonce', id: request.id },
    how: `approval by ${grant.payload.apr.join(', ')}`,
    confirmed: true,
  });
  return { job_id: draft.job?.id ?? '' };
}
