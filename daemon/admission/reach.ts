import { calledRuns, type Plan } from '../../contracts/plan.ts';
import { fail } from '../../contracts/errors.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import type { ActionContext, Deps } from '../ports/actions.ts';
import { verbFor } from '../verb.ts';

type Reaching = Pick<Deps, 'config' | 'people' | 'work' | 'grants'>;

export interface Place {
  action: string;
  project: string;
  env: string;
}

/** Where a plan works and what it does there: itself first, then everything that it calls. */
export function placesOf(plan: Plan): Place[] {
  const all = [plan, ...calledRuns(plan)].map(({ action, project, env }) => ({ action, project, env }));
  const seen = new Map(all.map((place) => [`${place.action}:${place.env} ${place.project}`, place]));
  return [...seen.values()];
}

/** What a grant over the whole plan names. `call` steps run under its children, so it covers them. */
export function scopeOf(plan: Plan): { prj: string[]; cap: string[] } {
  const places = placesOf(plan);
  return {
    prj: [...new Set(places.map(({ project }) => project))],
    cap: [...new Set(places.map(({ action, env }) => `${action}:${env}`))],
  };
}

/** Throws PROJECT_UNKNOWN, ENVIRONMENT_UNKNOWN, FORBIDDEN. */
export function requireRoles({ config, people }: Reaching, person: string, plan: Plan): void {
  for (const { action, project, env } of placesOf(plan)) {
    config.environment(project, env);
    people.require(person, verbFor(action), project, env);
  }
}

/** Whether roles alone allow all of it. */
export const hasRoles = ({ people }: Reaching, person: string, plan: Plan): boolean =>
  placesOf(plan).every(({ action, project, env }) => people.allows(person, verbFor(action), project, env));

/** Whether approvals of the plan count only with the approvers' own signatures. */
export const wantsCosign = ({ config }: Pick<Deps, 'config'>, plan: Plan): boolean =>
  placesOf(plan).some(({ project, env }) => config.environment(project, env).cosign);

/** Where approvals are signed with keys, an account in chat must not do without them. Throws COSIGN_BREAK_GLASS. */
export function refuseGlass({ config, caller }: Pick<ActionContext, 'config' | 'caller'>, plan: Plan): void {
  if (caller.via !== 'discord' && caller.via !== 'slack') return;
  if (wantsCosign({ config }, plan))
    throw fail('COSIGN_BREAK_GLASS', { where: `${plan.project}/${plan.env}` });
}

/** Throws HALTED, PAUSED, DRAINING. */
export function requireWork({ work }: Pick<Deps, 'work'>, plan: Plan): void {
  for (const project of scopeOf(plan).prj) work.admit(project);
}

/** Where the name of the environment must be typed to confirm the plan: the first such place, its own before what it calls. */
export function typedPlace({ config }: Pick<Deps, 'config'>, plan: Plan): Place | undefined {
  return placesOf(plan).find(({ project, env }) => config.environment(project, env).confirm_typed);
}

/** The most approvals that any place of the plan asks for, and who may give them: in all places that ask for some. */
export function approvalsOf(
  { config, people }: Reaching,
  plan: Plan,
): { approvals: number; approvers: string[] } {
  const places = placesOf(plan);
  const asking = places.filter(({ project, env }) => config.environment(project, env).approvals > 0);
  const lists = (asking.length > 0 ? asking : places.slice(0, 1)).map(({ project, env }) =>
    people.approversFor(project, env),
  );
  return {
    approvals: Math.max(...places.map(({ project, env }) => config.environment(project, env).approvals)),
    approvers: (lists[0] ?? []).filter((person) => lists.every((list) => list.includes(person))),
  };
}

/**
 * Whether a grant made ahead opens all of the plan under policy as it is now: one made when it asked for less, or by
 * somebody who may approve no longer, opens nothing. Throws what `Grants.check` throws, APPROVAL_REQUIRED.
 */
export function requireGrant(deps: Reaching, gid: string, sub: string, plan: Plan, digest: string): void {
  for (const { action, project, env } of placesOf(plan)) {
    const cap = `${action}:${env}`;
    const held = deps.grants.check(gid, { project, cap, sub, plan: digest });
    requireConsent(deps, held, cap, project, env);
  }
}

function requireConsent(
  { config, people }: Reaching,
  { iss, sub, apr, cls }: GrantPayload,
  cap: string,
  project: string,
  env: string,
): void {
  const { approvals: count, cosign } = config.environment(project, env);
  if (count === 0 || cls === 'break_glass') return;
  const approvers = people.approversFor(project, env).filter((p) => `person:${p}` !== sub);
  // Who made it ahead has signed nothing with a key; the approvals of a request there are co-signed.
  if (approvers.filter((p) => (!cosign && p === iss) || apr.includes(p)).length >= count) return;
  const names = approvers.join(', ') || 'nobody yet';
  throw fail('APPROVAL_REQUIRED', { action: cap, project, env, count, approvers: names });
}
