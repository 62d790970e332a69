import type { z } from 'zod';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import { ProbeSpec } from '../../contracts/estate/probes.ts';
import { own } from '../own.ts';
import type { EstateCheck, EstatePath } from '../ports/estate-check.ts';
import type { ProbeKind } from '../ports/probe-kinds.ts';
import { suggest } from '../suggest.ts';
import { cyclesIn } from './dependencies.ts';
import { kinds } from './kinds/index.ts';
import { readWindow } from './maintenance.ts';
import { ownKeys } from './prober.ts';
import { parseTarget } from './uplink.ts';

type Tell = Parameters<EstateCheck>[1];
type Config = Parameters<EstateCheck>[0];

/** Mistakes of `probes`, `maintenance` and `watch` that the schema of reeve.yaml cannot see. */
export const checkProbes: EstateCheck = async (config, tell) => {
  for (const [name, spec] of Object.entries(config.probes)) await checkProbe(config, name, spec, tell);
  for (const cycle of cyclesIn(config.probes)) {
    const [first = ''] = cycle;
    tell.error(['probes', first, 'depends_on'], `these wait for one another: ${cycle.join(' → ')}`);
  }
  for (const [i, target] of config.watch.uplink.entries())
    if (parseTarget(target) === undefined)
      tell.error(['watch', 'uplink', i], `"${target}" is not host:port, such as 1.1.1.1:443`);
  await checkMaintenance(config, tell);
};

async function checkProbe(config: Config, name: string, spec: ProbeSpec, tell: Tell): Promise<void> {
  const at = ['probes', name];
  const project = own(config.projects, spec.project);
  if (project === undefined)
    tell.error([...at, 'project'], unknown('project', spec.project, Object.keys(config.projects)));
  else if (spec.env !== NO_ENVIRONMENT && own(project.environments, spec.env) === undefined)
    tell.error([...at, 'env'], unknown('environment', spec.env, Object.keys(project.environments)));
  if (spec.timeout >= spec.interval)
    tell.error(
      [...at, spec.timeout === 5000 ? 'interval' : 'timeout'],
      `the timeout (${spec.timeout} ms) must be shorter than the interval (${spec.interval} ms)`,
    );
  for (const [i, other] of spec.depends_on.entries()) {
    if (own(config.probes, other) === undefined)
      tell.error([...at, 'depends_on', i], unknown('probe', other, Object.keys(config.probes)));
    else if (config.probes[other]?.enabled === false)
      tell.warning([...at, 'depends_on', i], `${other} is disabled and explains nothing`);
  }
  const kind: ProbeKind | undefined = kinds.find((one) => one.kind === spec.kind);
  if (kind === undefined)
    tell.error(
      [...at, 'kind'],
      unknown(
        'kind of probe',
        spec.kind,
        kinds.map((one) => one.kind),
      ),
    );
  else await checkOptions(kind, at, spec, tell);
}

async function checkOptions(kind: ProbeKind, at: EstatePath, spec: ProbeSpec, tell: Tell): Promise<void> {
  const parsed = kind.schema.safeParse(ownKeys(spec));
  if (parsed.success) {
    for (const line of (await kind.check?.(parsed.data)) ?? []) tell.error(at, line);
    return;
  }
  for (const issue of parsed.error.issues) tellIssue(kind, at, issue, tell);
}

function tellIssue(kind: ProbeKind, at: EstatePath, issue: z.core.$ZodIssue, tell: Tell): void {
  const path = [...at, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  if (issue.code === 'unrecognized_keys') {
    const known =
      issue.path.length === 0 ? [...Object.keys(kind.schema.shape), ...Object.keys(ProbeSpec.shape)] : [];
    for (const key of issue.keys) {
      const near = suggest(key, known);
      const help =
        near === undefined
          ? known.length === 0
            ? ''
            : `; ${kind.kind} knows ${Object.keys(kind.schema.shape).join(', ')}`
          : `; did you mean ${near}?`;
      tell.error(path, `unknown key "${key}"${help}`, key);
    }
    return;
  }
  const [key] = issue.path;
  const missing = issue.path.length === 1 && issue.code === 'invalid_type' && isAbsent(issue);
  if (missing) tell.error(at, `"${String(key)}" is missing: a probe of kind ${kind.kind} needs it`);
  else tell.error(path, lower(wordsOf(issue)));
}

/** zod tells of a missing key as of a wrong type, with the value left out. */
const isAbsent = (issue: z.core.$ZodIssue): boolean => /received undefined/.test(issue.message);

const wordsOf = (issue: z.core.$ZodIssue): string =>
  issue.code === 'invalid_union'
    ? [...new Set(issue.errors.flat().map((one) => lower(one.message)))].join(', or ') || issue.message
    : issue.code === 'invalid_value'
      ? `must be ${issue.values.map((value) => String(value)).join(', ')}`
      : issue.message;

async function checkMaintenance(config: Config, tell: Tell): Promise<void> {
  for (const [name, spec] of Object.entries(config.maintenance)) {
    const at = ['maintenance', name];
    for (const [i, probe] of (spec.probes ?? []).entries())
      if (own(config.probes, probe) === undefined)
        tell.error([...at, 'probes', i], unknown('probe', probe, Object.keys(config.probes)));
    for (const [i, project] of (spec.projects ?? []).entries())
      if (own(config.projects, project) === undefined)
        tell.error([...at, 'projects', i], unknown('project', project, Object.keys(config.projects)));
    const recurring = spec.cron !== undefined || spec.duration !== undefined;
    if (recurring === (spec.from !== undefined || spec.until !== undefined)) {
      tell.error(at, 'a window has either `cron` and `duration`, or `from` and `until`');
      continue;
    }
    try {
      new Intl.DateTimeFormat('en', { timeZone: spec.timezone });
    } catch {
      tell.error([...at, 'timezone'], `no time zone ${spec.timezone}`);
      continue;
    }
    const key = recurring ? (spec.cron === undefined ? 'duration' : 'cron') : 'from';
    await readWindow(name, spec).catch((error: unknown) => {
      const why = error instanceof Error ? error.message.replace(/^CronPattern: /, '') : String(error);
      tell.error(own(spec, key) === undefined ? at : [...at, key], why);
    });
  }
}

function unknown(what: string, name: string, known: string[]): string {
  const near = suggest(name, known);
  const list = known.slice(0, 20).join(', ') || 'none yet';
  return `no ${what} ${name}${near === undefined ? `; there is ${list}` : `; did you mean ${near}?`}`;
}

const lower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
