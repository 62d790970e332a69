import type { JsonObject } from '../../contracts/json.ts';
import type { Plan } from '../../contracts/plan.ts';
import { plural } from '../../contracts/units.ts';
import type {
  ActionContext,
  Draft,
  GrantTerms,
  JobWish,
  PlannedGrant,
  PrivilegedAction,
} from '../ports/actions.ts';
import { approvalsOf, hasRoles, placesOf, scopeOf, wantsCosign } from './reach.ts';

/** Plans what a command wants; executes nothing. */
export const planOf = (context: Pick<ActionContext, 'runbooks'>, wish: JobWish): Promise<Plan> =>
  context.runbooks.plan({
    runbook: wish.runbook,
    action: wish.action,
    project: wish.project,
    env: wish.env,
    inputs: wish.inputs,
    ...(wish.targets === undefined ? {} : { targets: wish.targets }),
  });

/** What somebody wants to be allowed. They must see each place of it; to act there is what they ask for. */
export async function planGrant(
  context: ActionContext,
  action: PrivilegedAction,
  args: JsonObject,
): Promise<PlannedGrant> {
  const { config, people, caller } = context;
  const wish = await action.resolve(context, args);
  people.require(caller.person, 'view', wish.project, wish.env);
  const plan = await planOf(context, wish);
  for (const { project, env } of placesOf(plan)) {
    config.environment(project, env);
    people.require(caller.person, 'view', project, env);
  }
  const { approvals, approvers } = approvalsOf(context, plan);
  return {
    plan,
    digest: context.planDigest(plan),
    needs: Math.max(1, approvals),
    approvers: approvers.filter((person) => person !== caller.person),
  };
}

/** Asks for a grant that is kept for the caller's next fitting command. */
export async function requestGrant(
  context: ActionContext,
  action: PrivilegedAction,
  args: JsonObject,
  terms: GrantTerms,
): Promise<Draft> {
  const planned = await planGrant(context, action, args);
  const { plan } = planned;
  return openRequest(context, {
    command: action.name,
    args,
    ...planned,
    ...terms,
    wait: context.config.environment(plan.project, plan.env).request_lifetime,
    keep: true,
  });
}

interface Asking extends PlannedGrant, GrantTerms {
  command: string;
  args: JsonObject;
  /** How long it waits for its approvals, ms. */
  wait: number;
  keep?: true;
}

/** Opens a request over exactly this plan. */
export async function openRequest(context: ActionContext, asking: Asking): Promise<Draft> {
  const { caller, clock, artifacts } = context;
  const { plan, digest, needs, approvers, keep, command, args, uses, lifetime_ms } = asking;
  const { prj, cap } = scopeOf(plan);
  const planRef = await artifacts.put(Buffer.from(JSON.stringify(plan, null, 2)), {
    mediaType: 'application/json',
    name: 'plan.json',
  });
  const { request } = await context.grants.request({
    by: caller.person,
    via: caller.via,
    account: caller.account.slice(0, 200),
    cap: `${plan.action}:${plan.env}`,
    project: plan.project,
    env: plan.env,
    plan: digest,
    plan_ref: planRef,
    command,
    args,
    needs,
    approvers,
    ...(prj.length + cap.length > 2 ? { also: { prj, cap } } : {}),
    break_glass: false,
    uses,
    lifetime_ms,
    reason: context.reason || `${command} asked by ${caller.person}`,
    expires: clock.now() + asking.wait,
    ...(wantsCosign(context, plan) ? { cosign: true as const } : {}),
    ...(keep === undefined ? {} : { keep }),
  });
  const next =
    request.cosign === true
      ? `An approver runs, on their own machine: \`reeve approve ${request.id}\``
      : `An approver runs: \`reeve grant approve ${request.id}\``;
  return {
    title: `Request ${request.id} waits for ${plural(needs, 'approval')}`,
    tone: 'warn',
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Asked of', value: approvers.join(', ') },
          { label: 'Plan digest', value: { id: digest } },
          { label: 'Waits until', value: { time: request.expires } },
          ...(keep === undefined
            ? []
            : [
                { label: 'Then usable for', value: { duration: lifetime_ms } },
                { label: 'Uses', value: uses },
              ]),
          ...(keep === undefined || hasRoles(context, caller.person, plan)
            ? []
            : [{ label: 'Role', value: 'none of yours allows this; the grant would stand in for it' }]),
        ],
      },
      { type: 'hint', text: next },
    ],
    data: { request: request as unknown as JsonObject },
  };
}
