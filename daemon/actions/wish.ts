import { fail } from '../../contracts/errors.ts';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { arg } from '../args.ts';
import type { ActionContext, JobWish } from '../ports/actions.ts';

/** Heading of everything that runs as a job. */
export const JOB_GROUP = 'Act (each under a grant)';

/** Arguments that every job-starting action has. */
export const jobArgs = {
  input: arg.list('further input of the runbook, name=value (repeat it)').optional(),
  runbook: arg.runbook('which runbook, where more than one does this').optional(),
  break_glass: arg
    .boolean('skip the approvals policy asks for; loud, needs a reason, opens a review')
    .optional(),
  request_only: arg.boolean('ask an approver instead of running it').optional(),
};
export const targetArgs = {
  project: arg.project('project'),
  target: arg.string('deployment target, e.g. generic_container').optional(),
};

/** Where a runbook runs, when the runbook itself may say. */
export const placeArgs = {
  project: arg.project("project; default: the runbook's or the estate's first").optional(),
  env: arg.environment("environment; default: the project's first").optional(),
};

/** The place named, else the runbook's own, else the first of the estate. */
export function placeOf(
  context: ActionContext,
  { front }: Runbook,
  named: { project?: string | undefined; env?: string | undefined },
): { project: string; env: string } {
  const projects = Object.keys(context.config.current().config.projects);
  const project = named.project ?? front.projects?.[0] ?? projects[0] ?? '';
  return { project, env: named.env ?? front.environments?.[0] ?? envOf(context, project, undefined) };
}

/** `name=value` pairs; values of integer and boolean inputs are converted by what the runbook declares. */
export function parseInputs(pairs: readonly string[] | undefined, runbook: Runbook): JsonObject {
  const inputs: JsonObject = {};
  for (const pair of pairs ?? []) {
    const at = pair.indexOf('=');
    if (at < 1)
      throw fail('ARGUMENTS_INVALID', {
        command: 'run',
        why: `--input takes name=value, not "${pair.slice(0, 60)}"`,
      });
    const name = pair.slice(0, at);
    // `__proto__` would be lost without a word; any other name that is no input is refused by the plan.
    if (name === '__proto__')
      throw fail('ARGUMENTS_INVALID', { command: 'run', why: 'there is no input __proto__' });
    inputs[name] = convert(pair.slice(at + 1), runbook.front.inputs[name]?.type);
  }
  return inputs;
}

function convert(text: string, type: string | undefined): Json {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}

/** The project's runbook of an action: named in the command, then in the estate, then the only one there is. */
export async function runbookFor(
  context: Pick<ActionContext, 'config' | 'runbooks'>,
  action: string,
  project: string,
  named?: string,
): Promise<Runbook> {
  const spec = context.config.project(project);
  const chosen = named ?? (Object.hasOwn(spec.runbooks, action) ? spec.runbooks[action] : undefined);
  if (chosen !== undefined) return context.runbooks.get(chosen);
  const all = await context.runbooks.list();
  const fits = all.filter((r) => r.front.action === action && (r.front.projects?.includes(project) ?? true));
  const only = fits[0];
  if (only === undefined) throw fail('NO_RUNBOOK_FOR_ACTION', { project, action, suffix: '' });
  if (fits.length > 1)
    throw fail('RUNBOOK_AMBIGUOUS', { project, action, names: fits.map((r) => r.front.runbook).join(', ') });
  return only;
}

/** Sorts flags into what the runbook declares as inputs and what is only part of the plan. */
export function wishOf(
  runbook: Runbook,
  action: string,
  project: string,
  env: string,
  flags: JsonObject,
  args: {
    input?: string[] | undefined;
    break_glass?: boolean | undefined;
    request_only?: boolean | undefined;
  },
): JobWish {
  const given = Object.fromEntries(
    Object.entries({ ...flags, project, env }).filter(([, v]) => v !== undefined),
  );
  const inputs: JsonObject = parseInputs(args.input, runbook);
  const targets: JsonObject = {};
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(runbook.front.inputs, name)) {
      // Roles, grants and approvals were asked for what the flag says.
      if (Object.hasOwn(inputs, name) && JSON.stringify(inputs[name]) !== JSON.stringify(value))
        throw fail('ARGUMENTS_INVALID', {
          command: action,
          why: `--input ${name} says something else than --${name.replaceAll('_', '-')}`,
        });
      inputs[name] ??= value;
    } else if (name !== 'project' && name !== 'env') targets[name] = value;
  }
  return {
    runbook: runbook.front.runbook,
    action,
    project,
    env,
    inputs,
    targets,
    ...(args.break_glass === true ? { break_glass: true } : {}),
    ...(args.request_only === true ? { request_only: true } : {}),
  };
}

/** The environment meant: the one named, or the project's first. */
export function envOf(context: ActionContext, project: string, env: string | undefined): string {
  return env ?? Object.keys(context.config.project(project).environments)[0] ?? NO_ENVIRONMENT;
}
