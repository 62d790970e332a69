import { z } from 'zod';
import { AdminActionType } from '../../contracts/admin.ts';
import { fail } from '../../contracts/errors.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import { MAX_LIFETIME_MS } from '../../contracts/grant.ts';
import { Capability, NO_ENVIRONMENT, ProjectId } from '../../contracts/ids.ts';
import type { IssueRequest } from '../ports/grants.ts';
import { shown } from './scope.ts';

const HOUR = 3_600_000;
const DEFAULT_HOURS = 1;
/** Made for one thing: one use. Made for several: enough for a session's commands. */
const DEFAULT_USES = { one: 1, several: 10 } as const;

const Switch = z.boolean().optional();
/** A comma-separated text or a list; the same for both. */
const List = z
  .union([z.string().max(20_000), z.array(z.string().max(2000)).max(200)])
  .transform((value) => [value].flat().flatMap((text) => text.split(',').map((part) => part.trim())))
  .transform((parts) => parts.filter((part) => part !== ''));

/** The flags of `preauth create-grant`, `-` written as `_`; both halves of a pair are kept so that a conflict shows. */
export const GrantFlags = z.strictObject({
  project_ids: List,
  auto_deploy_dev: Switch,
  no_auto_deploy_dev: Switch,
  auto_deploy_staging: Switch,
  no_auto_deploy_staging: Switch,
  auto_deploy_prod: Switch,
  no_auto_deploy_prod: Switch,
  auto_rollback: Switch,
  no_auto_rollback: Switch,
  auto_push: Switch,
  no_auto_push: Switch,
  auto_heal: Switch,
  no_auto_heal: Switch,
  /** Exact `action:environment` strings for everything the switches do not name. */
  cap: List.optional(),
  break_glass: Switch,
  /** Default 1; at most 24, with break-glass 2. */
  expires_in_hours: z.union([z.number(), z.string().max(20)]).optional(),
  /** Default 1 for one capability on one project, else 10. */
  uses: z.union([z.number(), z.string().max(20)]).optional(),
  reason: z.string().max(2000).optional(),
  /** A person, `person:<id>` or `mandate:<id>`; default: whoever asks. */
  subject: z.string().max(140).optional(),
});
export type GrantFlags = z.input<typeof GrantFlags>;
type Flags = z.output<typeof GrantFlags>;

export interface FlagContext {
  projects: EstateConfig['projects'];
  /** Who asks (person id). */
  person: string;
  /** Actions a capability may name; default: the admin actions. */
  actions?: ReadonlySet<string>;
}

/**
 * What the flags ask for, as a request for `Grants.issue` of class `created`.
 *
 * `--auto-deploy-X` is `deploy:X`. `--auto-rollback`, `--auto-heal` and `--auto-push` reach the environments that
 * `--auto-deploy-X` names, or, when none is named, the projects' environments other than production. `--auto-heal` also
 * gives `heal:none`, `--auto-push` is `patch:<env>` and `patch:none`. Throws `USAGE`, `GRANT_EMPTY_SCOPE`,
 * `GRANT_LIFETIME`, `REASON_REQUIRED`, `PROJECT_UNKNOWN`, `ENVIRONMENT_UNKNOWN`.
 */
export function grantFromFlags(input: unknown, context: FlagContext): IssueRequest {
  const parsed = GrantFlags.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw usage(
      `--${shown(String(issue?.path[0] ?? 'flags')).replaceAll('_', '-')}: ${issue?.message ?? 'invalid'}`,
    );
  }
  const flags = parsed.data;
  checkConflicts(flags);
  const prj = [...new Set(flags.project_ids)];
  prj.forEach((project) => checkProject(project, context));
  const cap = capabilities(flags, prj, context);
  if (prj.length === 0 || cap.length === 0) throw fail('GRANT_EMPTY_SCOPE');
  const cls = flags.break_glass === true ? 'break_glass' : 'std';
  const reason = flags.reason?.trim() ?? '';
  if (cls === 'break_glass' && reason === '')
    throw fail('REASON_REQUIRED', { action: 'A break-glass grant' });
  return {
    how: 'created',
    iss: context.person,
    sub: subject(flags.subject ?? context.person),
    prj,
    cap,
    lifetime_ms: lifetime(flags.expires_in_hours ?? DEFAULT_HOURS, cls),
    uses: uses(flags.uses ?? DEFAULT_USES[prj.length * cap.length === 1 ? 'one' : 'several']),
    cls,
    reason,
  };
}

const STAGES = ['dev', 'staging', 'prod'] as const;
const PRODUCTION: ReadonlySet<string> = new Set(['prod', 'production']);

function capabilities(flags: Flags, prj: readonly string[], context: FlagContext): string[] {
  const named = STAGES.filter((stage) => flags[`auto_deploy_${stage}`] === true);
  named.forEach((env) => checkEnvironment(env, prj, context));
  const all = new Set(prj.flatMap((project) => environmentsOf(project, context)));
  const envs = named.length > 0 ? named : [...all].filter((env) => !PRODUCTION.has(env));
  const across = (action: string, extra: string[]): string[] =>
    [...envs, ...extra].map((env) => `${action}:${env}`);
  const caps = [
    ...named.map((env) => `deploy:${env}`),
    ...(flags.auto_rollback === true ? across('rollback', []) : []),
    ...(flags.auto_heal === true ? across('heal', [NO_ENVIRONMENT]) : []),
    ...(flags.auto_push === true ? across('patch', [NO_ENVIRONMENT]) : []),
    ...(flags.cap ?? []).map((cap) => checkCapability(cap, prj, context)),
  ];
  return [...new Set(caps)].sort();
}

function checkConflicts(flags: Flags): void {
  for (const [name, value] of Object.entries(flags)) {
    if (
      name.startsWith('no_') &&
      value === true &&
      Object.entries(flags).some(([n, v]) => n === name.slice(3) && v)
    ) {
      const flag = name.slice(3).replaceAll('_', '-');
      throw usage(`--${flag} and --no-${flag} contradict each other`);
    }
  }
}

function checkProject(project: string, { projects }: FlagContext): void {
  if (project.includes('*')) throw fail('GRANT_EMPTY_SCOPE');
  if (ProjectId.safeParse(project).success && Object.hasOwn(projects, project)) return;
  throw fail('PROJECT_UNKNOWN', { project: shown(project), known: Object.keys(projects).join(', ') });
}

function environmentsOf(project: string, { projects }: FlagContext): string[] {
  return Object.hasOwn(projects, project) ? Object.keys(projects[project]?.environments ?? {}) : [];
}

function checkEnvironment(env: string, prj: readonly string[], context: FlagContext): void {
  const known = new Set(prj.flatMap((project) => environmentsOf(project, context)));
  if (env === NO_ENVIRONMENT || known.has(env)) return;
  throw fail('ENVIRONMENT_UNKNOWN', {
    project: prj.join(', '),
    env: shown(env),
    known: [...known].join(', '),
  });
}

const DEFAULT_ACTIONS: ReadonlySet<string> = new Set(AdminActionType.options);

function checkCapability(cap: string, prj: readonly string[], context: FlagContext): string {
  if (cap.includes('*')) throw fail('GRANT_EMPTY_SCOPE');
  const [action = '', env = ''] = cap.split(':');
  if (!Capability.safeParse(cap).success) {
    throw usage(`--cap ${shown(cap)} is not an exact action:environment in plain lower-case letters`);
  }
  if (!(context.actions ?? DEFAULT_ACTIONS).has(action))
    throw usage(`--cap ${cap}: there is no action ${action}`);
  checkEnvironment(env, prj, context);
  return cap;
}

function lifetime(hours: number | string, cls: 'std' | 'break_glass'): number {
  const value = typeof hours === 'string' && /^\d{1,6}(\.\d{1,3})?$/.test(hours) ? Number(hours) : hours;
  if (typeof value !== 'number' || !Number.isFinite(value) || value <= 0) {
    throw usage('--expires-in-hours needs a number of hours above 0');
  }
  const max = MAX_LIFETIME_MS[cls] / HOUR;
  if (value > max) throw fail('GRANT_LIFETIME', { hours: value, max, cls });
  return Math.max(1, Math.round(value * HOUR));
}

function uses(given: number | string): number {
  const value = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : given;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 1000) {
    throw usage('--uses needs a whole number from 1 to 1000');
  }
  return value;
}

function subject(text: string): string {
  const sub = text.includes(':') ? text : `person:${text}`;
  if (/^(person|mandate):[a-z][a-z0-9:_-]{0,120}$/.test(sub)) return sub;
  throw usage(`--subject ${shown(text)} is neither a person nor mandate:<id>`);
}

const usage = (why: string): Error =>
  fail('USAGE', { why, suggestion: 'See `reeve preauth create-grant --help`.' });
