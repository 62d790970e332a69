import { userInfo } from 'node:os';
import { fail } from '../../contracts/errors.ts';
import type { EstateConfig, Verb } from '../../contracts/estate.ts';
import { own } from '../own.ts';
import type { Config } from '../ports/config.ts';
import type { People } from '../ports/people.ts';
import { OWNER, approversOf, roleAllows, roleOf, rolesOf, rolesOfPerson } from '../roles.ts';
import { oneLine } from '../text.ts';

/** An account as a platform knows it, never a name that could be taken over. */
type Account =
  | { kind: 'os'; uid: number; user?: string }
  /** A Discord or Linear user id; `TEAM/USER` of Slack. */
  | { kind: 'discord' | 'slack' | 'linear'; id: string }
  | { kind: 'github'; id: number };

export interface PeopleDeps {
  config: Pick<Config, 'current' | 'environment'>;
  /** The account the home folder belongs to. */
  owner: { uid: number; user?: string };
}

/** People of the estate in force, and who an account is. */
export interface LivePeople extends People {
  /** The one person an account belongs to; linked accounts are one person. Throws `PERSON_UNKNOWN`. */
  identify(account: Account): string;
  /** The person the home's owner is: mapped in reeve.yaml, or else `owner`. */
  owner(): string;
  /** The answer and its reason, for people. */
  explain(person: string, verb: Verb, project?: string, env?: string): { allowed: boolean; why: string };
  /** Demands the verb for the estate as a whole: halting or resuming everything. Throws `FORBIDDEN`. */
  requireEverywhere(person: string, verb: Verb): void;
  /** Ids of everybody, the unmapped owner included. */
  list(): string[];
}

/** Every answer is computed from the estate in force at that moment, so a removed role ends at once. */
export function createPeople({ config, owner }: PeopleDeps): LivePeople {
  const estate = (): EstateConfig => config.current().config;
  const account = { kind: 'os', ...owner } as const;
  const ownerId = (): string => personOf(estate(), account) ?? OWNER;

  /** The built-in owner is somebody only while the owner's account is mapped to nobody. */
  const exists = (person: string): boolean =>
    own(estate().people, person) !== undefined || (person === OWNER && ownerId() === OWNER);

  function explain(person: string, verb: Verb, project?: string, env?: string) {
    if (!exists(person)) return { allowed: false, why: `there is no person ${oneLine(person, 64)}` };
    const names = rolesOfPerson(estate(), person);
    const by = names.find((name) => {
      const role = roleOf(estate(), name);
      return role !== undefined && roleAllows(role, verb, project, env);
    });
    return by === undefined
      ? {
          allowed: false,
          why: `no role of ${person} (${names.join(', ')}) has the verb ${verb} on ${place(project, env)}`,
        }
      : { allowed: true, why: `by the role ${by}` };
  }

  function require(person: string, verb: Verb, project?: string, env?: string): void {
    if (!explain(person, verb, project, env).allowed)
      throw fail('FORBIDDEN', { person: oneLine(person, 64), verb, where: place(project, env) });
  }

  function allowsEverywhere(person: string, verb: Verb): boolean {
    const roles = rolesOf(estate());
    return (
      exists(person) &&
      rolesOfPerson(estate(), person).some((name) => {
        const role = own(roles, name);
        return role?.verbs.includes(verb) && role.projects === undefined && role.environments === undefined;
      })
    );
  }

  return {
    exists,
    explain,
    require,
    allowsEverywhere,
    allows: (person, verb, project, env) => explain(person, verb, project, env).allowed,
    owner: ownerId,
    list: () => [...new Set([...Object.keys(estate().people), ownerId()])],
    identify(given) {
      const person = personOf(estate(), given);
      if (person !== undefined) return person;
      if (given.kind === 'os' && given.uid === owner.uid) return OWNER;
      throw fail('PERSON_UNKNOWN', { account: oneLine(words(given), 100) });
    },
    requireEverywhere(person, verb) {
      if (!allowsEverywhere(person, verb))
        throw fail('FORBIDDEN', { person: oneLine(person, 64), verb, where: 'every project' });
    },
    approversFor(project, env) {
      const { approvers } = config.environment(project, env);
      return approversOf(estate(), project, env, approvers, ownerId() === OWNER);
    },
  };
}

function personOf(estate: EstateConfig, account: Account): string | undefined {
  for (const id of Object.keys(estate.people)) {
    const person = estate.people[id];
    if (person === undefined) continue;
    const mine =
      account.kind === 'os'
        ? person.os_users.includes(account.uid) ||
          (account.user !== undefined && person.os_users.includes(account.user))
        : account.kind === 'github'
          ? person.github.includes(account.id)
          : person[account.kind].includes(account.id);
    if (mine) return id;
  }
  return undefined;
}

const words = (account: Account): string =>
  account.kind === 'os' ? `${account.user ?? 'uid'} (uid ${account.uid})` : `${account.kind}:${account.id}`;

const place = (project?: string, env?: string): string =>
  project === undefined ? 'the estate' : env === undefined ? project : `${project}/${env}`;

/** The name of the home's owner, when it is us: what `os_users` may name beside the number. */
export function userName(uid: number): { user?: string } {
  const us = userInfo();
  return us.uid === uid ? { user: us.username } : {};
}
