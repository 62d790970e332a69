import { DEFAULT_ROLES, type EstateConfig } from '../../contracts/estate.ts';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import { plural } from '../../contracts/units.ts';
import { cronHelp } from '../cron-help.ts';
import { own } from '../own.ts';
import { suggest } from '../suggest.ts';
import { approversOf, rolesOf } from '../roles.ts';
import type { EstateCheck } from '../ports/estate-check.ts';
import { byPlace, where } from './explain.ts';
import type { Path, Problem, YamlFile } from './yaml.ts';

/** Person ids that records use for the daemon's own doings. */
const RESERVED = ['daemon', 'schedule', 'webhook', 'healer', 'mandate', 'system'];

type Tell = (path: Path, message: string, key?: string) => void;
interface Tellers {
  error: Tell;
  warning: Tell;
}

/**
 * What no schema can see: names that must exist elsewhere in the file, accounts that belong to two people, cron lines,
 * time zones, paths that leave the estate, approvals that could never come in. Loads croner.
 */
export async function crossCheck(
  config: EstateConfig,
  yaml: YamlFile,
  checks: readonly EstateCheck[] = [],
): Promise<Problem[]> {
  const problems: Problem[] = [];
  const tell =
    (severity: Problem['severity']): Tell =>
    (path, message, key) => {
      if (problems.length < 200)
        problems.push({ ...yaml.place(path, key), message: `${where(path)}${message}`, severity });
    };
  const to: Tellers = { error: tell('error'), warning: tell('warning') };
  checkPeople(config, to);
  checkRoles(config, to);
  checkProjects(config, to);
  await checkSchedules(config, to);
  checkPaths(config, to);
  for (const check of checks) await check(config, to);
  if (!isZone(config.estate.timezone))
    to.error(['estate', 'timezone'], `no time zone ${config.estate.timezone}`);
  return problems.toSorted(byPlace);
}

function checkPeople(config: EstateConfig, { error }: Tellers): void {
  const seen = new Map<string, string>();
  for (const [id, person] of Object.entries(config.people)) {
    if (RESERVED.includes(id)) error(['people'], `${id} stands for Reeve itself; use another id`, id);
    for (const [i, role] of person.roles.entries()) {
      if (own(rolesOf(config), role) === undefined)
        error(['people', id, 'roles', i], unknown('role', role, Object.keys(rolesOf(config))));
    }
    for (const kind of ['os_users', 'discord', 'slack', 'github', 'linear'] as const) {
      for (const [i, account] of person[kind].entries()) {
        const key = `${kind}:${account}`;
        const other = seen.get(key);
        if (other !== undefined)
          error(['people', id, kind, i], `the account ${account} belongs to ${other} already`);
        seen.set(key, id);
      }
    }
  }
}

function checkRoles(config: EstateConfig, { error, warning }: Tellers): void {
  const environments = new Set(Object.values(config.projects).flatMap((p) => Object.keys(p.environments)));
  for (const [id, role] of Object.entries(config.roles)) {
    if (Object.hasOwn(DEFAULT_ROLES, id)) warning(['roles'], `${id} replaces the built-in role`, id);
    for (const [i, project] of (role.projects ?? []).entries()) {
      if (own(config.projects, project) === undefined)
        error(['roles', id, 'projects', i], unknown('project', project, Object.keys(config.projects)));
    }
    for (const [i, env] of (role.environments ?? []).entries()) {
      if (env !== NO_ENVIRONMENT && !environments.has(env))
        error(['roles', id, 'environments', i], unknown('environment', env, [...environments]));
    }
  }
}

function checkProjects(config: EstateConfig, { error, warning }: Tellers): void {
  for (const [id, project] of Object.entries(config.projects)) {
    for (const [env, spec] of Object.entries(project.environments)) {
      const at = ['projects', id, 'environments', env];
      if (env === NO_ENVIRONMENT)
        error(at.slice(0, -1), `${env} is reserved for actions that touch no environment`, env);
      for (const [i, person] of (spec.approvers ?? []).entries()) {
        if (person === 'owner') continue;
        if (own(config.people, person) === undefined)
          error([...at, 'approvers', i], unknown('person', person, Object.keys(config.people)));
        else if (!approversOf(config, id, env, undefined).includes(person))
          error([...at, 'approvers', i], `${person} has no role with the verb approve here`);
      }
      if (spec.cosign && spec.approvals === 0)
        error(
          [...at, 'cosign'],
          'nothing is signed where no approval is asked for: set approvals to 1 or more',
        );
      if (spec.approvals === 0) continue;
      const possible = approversOf(config, id, env, spec.approvers, true);
      const text = `${plural(spec.approvals, 'approval')} ${spec.approvals === 1 ? 'is' : 'are'} asked for`;
      if (possible.length < spec.approvals)
        error([...at, 'approvals'], `${text}, but only ${possible.length} could approve: ${list(possible)}`);
      else if (possible.length === spec.approvals)
        warning(
          [...at, 'approvals'],
          `${text} of ${list(possible)}: what one of them asks for can never be approved, since nobody approves their own request`,
        );
    }
  }
}

function help(cron: string): string {
  const text = cronHelp(cron);
  return text === undefined ? '' : `: ${text}`;
}

async function checkSchedules(config: EstateConfig, { error }: Tellers): Promise<void> {
  const schedules = Object.entries(config.schedules);
  if (schedules.length === 0) return;
  const { Cron } = await import('croner');
  for (const [id, schedule] of schedules) {
    const at = ['schedules', id];
    const project = own(config.projects, schedule.project);
    if (project === undefined)
      error([...at, 'project'], unknown('project', schedule.project, Object.keys(config.projects)));
    else if (schedule.env !== NO_ENVIRONMENT && own(project.environments, schedule.env) === undefined)
      error([...at, 'env'], unknown('environment', schedule.env, Object.keys(project.environments)));
    if (!isZone(schedule.timezone)) {
      error([...at, 'timezone'], `no time zone ${schedule.timezone}`);
      continue;
    }
    try {
      // Whether there is such a day does not depend on the zone, and zones take 12 ms at their first use.
      const cron = new Cron(schedule.cron, { paused: true, utcOffset: 0, mode: '5-or-6-parts' });
      if (cron.nextRun() === null)
        error([...at, 'cron'], `"${schedule.cron}" is never due${help(schedule.cron)}`);
    } catch (cause) {
      const why = cause instanceof Error ? cause.message.replace(/^CronPattern: /, '') : String(cause);
      error([...at, 'cron'], `"${schedule.cron}" is no cron line: ${cronHelp(schedule.cron) ?? why}`);
    }
  }
}

function checkPaths(config: EstateConfig, { error }: Tellers): void {
  if (!isInside(config.runbooks.path)) error(['runbooks', 'path'], 'must be a folder inside the estate');
  for (const zone of ['system', 'state', 'app'] as const) {
    for (const [i, folder] of config.zones[zone].entries()) {
      if (!isInside(folder)) error(['zones', zone, i], 'must be a folder inside the estate');
    }
  }
}

/** A relative path without steps up; the estate's root itself is no zone. */
function isInside(folder: string): boolean {
  const parts = folder.split(/[/\\]/);
  const clean = parts.filter((part) => part !== '' && part !== '.');
  return !/^[/\\]|^[A-Za-z]:|\0/.test(folder) && clean.length > 0 && !clean.includes('..');
}

function isZone(name: string): boolean {
  // The usual one is known without loading the zones of the world (12 ms).
  if (name === 'UTC') return true;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function unknown(what: string, name: string, known: string[]): string {
  const near = suggest(name, known);
  return `no ${what} ${name}${near === undefined ? `; there is ${list(known)}` : `; did you mean ${near}?`}`;
}

const list = (names: readonly string[]): string =>
  names.length === 0 ? 'nobody' : names.slice(0, 20).join(', ');
