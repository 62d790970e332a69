import { DEFAULT_ROLES, type EstateConfig, type RoleSpec, type Verb } from '../contracts/estate.ts';
import { own } from './own.ts';

/** The person that the home's owner is when reeve.yaml maps that account to nobody. Has the role admin. */
export const OWNER = 'owner';

/** Built-in roles and those of the estate, which win. */
export const rolesOf = (config: EstateConfig): Record<string, RoleSpec> => ({
  ...DEFAULT_ROLES,
  ...config.roles,
});

/** The same, one of them. */
export const roleOf = (config: EstateConfig, name: string): RoleSpec | undefined =>
  own(config.roles, name) ?? own<RoleSpec>(DEFAULT_ROLES, name);

/**
 * Whether one role has the verb there. Without a project, `administer` must hold everywhere, because it concerns the
 * estate as a whole, and any other verb somewhere: what exactly is asked again when the place is known. With a project
 * and no environment, `view` must hold in some environment and any other verb in all of them.
 */
export function roleAllows(role: RoleSpec, verb: Verb, project?: string, env?: string): boolean {
  if (!role.verbs.includes(verb)) return false;
  if (project === undefined)
    return verb !== 'administer' || (role.projects === undefined && role.environments === undefined);
  if (role.projects !== undefined && !role.projects.includes(project)) return false;
  if (role.environments === undefined) return true;
  return env === undefined ? verb === 'view' : role.environments.includes(env);
}

/** Roles of a person: those of reeve.yaml, or admin for the unmapped owner. Unknown names allow nothing. */
export function rolesOfPerson(config: EstateConfig, person: string): string[] {
  return own(config.people, person)?.roles ?? (person === OWNER ? ['admin'] : []);
}

/**
 * Who has the verb approve in an environment, narrowed to `only` when policy names people, in the order of reeve.yaml.
 * `withOwner`: the owner counts too, being mapped to nobody.
 */
export function approversOf(
  config: EstateConfig,
  project: string,
  env: string,
  only: readonly string[] | undefined,
  withOwner = false,
): string[] {
  const roles = rolesOf(config);
  const people = Object.keys(config.people);
  if (withOwner && !people.includes(OWNER)) people.push(OWNER);
  return people.filter(
    (person) =>
      (only === undefined || only.includes(person)) &&
      rolesOfPerson(config, person).some((name) => {
        const role = own(roles, name);
        return role !== undefined && roleAllows(role, 'approve', project, env);
      }),
  );
}
