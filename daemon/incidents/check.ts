import type { EstateConfig } from '../../contracts/estate.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import { own } from '../own.ts';
import type { EstateCheck } from '../ports/estate-check.ts';
import { suggest } from '../suggest.ts';
import { shown } from './words.ts';

type Tell = Parameters<EstateCheck>[1];
/** Sources whose incidents can have a probe. */
const PROBED: ReadonlySet<string> = new Set(['probe', 'person']);

/** Mistakes of `healing` and `incidents` that the schema of reeve.yaml cannot see. */
export const checkIncidents: EstateCheck = (config, tell) => {
  for (const [name, spec] of Object.entries(config.healing)) checkRule(config, name, spec, tell);
  const folder = config.incidents.postmortems;
  if (folder.startsWith('/') || folder.split('/').includes('..'))
    tell.error(['incidents', 'postmortems'], `"${folder}" must be a folder below the project's path`);
};

function checkRule(config: EstateConfig, name: string, spec: HealSpec, tell: Tell): void {
  const at = ['healing', name];
  place(config, [...at, 'project'], [...at, 'env'], spec.project, spec.env, tell);
  for (const [i, project] of (spec.on.projects ?? []).entries())
    if (own(config.projects, project) === undefined)
      tell.error([...at, 'on', 'projects', i], unknown('project', project, Object.keys(config.projects)));
  for (const [i, env] of (spec.on.environments ?? []).entries()) {
    const known = [...new Set(Object.values(config.projects).flatMap((p) => Object.keys(p.environments)))];
    if (env !== NO_ENVIRONMENT && !known.includes(env))
      tell.error([...at, 'on', 'environments', i], unknown('environment', env, known));
  }
  for (const [i, probe] of (spec.on.probes ?? []).entries()) {
    const known = own(config.probes, probe);
    if (known === undefined)
      tell.error([...at, 'on', 'probes', i], unknown('probe', probe, Object.keys(config.probes)));
    else if (!known.enabled)
      tell.warning([...at, 'on', 'probes', i], `${probe} is disabled, so nothing of it is ever healed`);
    else slow(at, probe, known, spec, tell);
  }
  for (const [i, source] of (spec.on.sources ?? []).entries())
    if (!PROBED.has(source))
      tell.error(
        [...at, 'on', 'sources', i],
        `an incident of a ${source} has no probe, and without one nothing could tell whether the heal worked`,
      );
  for (const [i, key] of (spec.on.keys ?? []).entries()) {
    const probe = /^probe:(.+)$/.exec(key)?.[1];
    if (probe === undefined)
      tell.error(
        [...at, 'on', 'keys', i],
        `"${key}" has no probe that could tell whether the heal worked; keys here are probe:<name>`,
      );
    else if (own(config.probes, probe) === undefined)
      tell.error([...at, 'on', 'keys', i], unknown('probe', probe, Object.keys(config.probes)));
  }
  if (Object.keys(config.probes).length === 0)
    tell.error(at, 'there are no probes, and without one nothing could tell whether the heal worked');
}

/** The probe cannot be up again in time, however well it was healed. */
function slow(
  at: readonly string[],
  probe: string,
  { timeout }: { timeout: number },
  { verify_within }: HealSpec,
  tell: Tell,
): void {
  if (timeout < verify_within) return;
  tell.error(
    [...at, 'verify_within'],
    `${shown(verify_within)} is less than one run of ${probe} may take (${shown(timeout)})`,
  );
}

function place(
  config: EstateConfig,
  atProject: readonly string[],
  atEnv: readonly string[],
  project: string,
  env: string,
  tell: Tell,
): void {
  const known = own(config.projects, project);
  if (known === undefined) tell.error(atProject, unknown('project', project, Object.keys(config.projects)));
  else if (env !== NO_ENVIRONMENT && own(known.environments, env) === undefined)
    tell.error(atEnv, unknown('environment', env, Object.keys(known.environments)));
}

function unknown(what: string, name: string, known: string[]): string {
  const near = suggest(name, known);
  const list = known.slice(0, 20).join(', ') || 'none yet';
  return `no ${what} ${name}${near === undefined ? `; there is ${list}` : `; did you mean ${near}?`}`;
}
