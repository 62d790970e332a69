import { z } from 'zod';
import type { InputSpec, Runbook } from '../../contracts/runbook.ts';
import { NO_ENVIRONMENT } from '../../contracts/ids.ts';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { AdminActionType } from '../../contracts/admin.ts';
import { arg } from '../args.ts';
import { readableTitle } from '../readable-title.ts';
import { privilegedAction, type Action } from '../ports/actions.ts';
import type { Runbooks } from '../ports/runbooks.ts';

/** Every runbook with `command: true` as a command under its own name; a built-in name is never shadowed. */
export async function runbookActions(
  runbooks: Runbooks,
  taken: ReadonlyMap<string, Action>,
): Promise<{ runbook: string; action: Action }[]> {
  const all = await runbooks.list();
  return all
    .filter((r) => r.front.command && !taken.has(r.front.runbook.replaceAll('_', '-')))
    .map((r) => ({ runbook: r.front.runbook, action: actionOf(r) }));
}

function actionOf(runbook: Runbook): Action {
  const { front } = runbook;
  const name = front.runbook.replaceAll('_', '-');
  const known = AdminActionType.safeParse(front.action);
  const shape: Record<string, z.ZodType> = {
    project: arg.project('project it runs on').optional(),
    env: arg.environment("environment; default: the project's first").optional(),
  };
  for (const [input, spec] of Object.entries(front.inputs))
    if (input !== 'project' && input !== 'env') shape[input] = schemaOf(spec);
  return privilegedAction({
    name,
    summary: readableTitle(front.title, front.inputs),
    ...(front.description === undefined ? {} : { description: front.description }),
    group: 'Your runbooks',
    verb: 'run',
    type: known.success ? known.data : 'run',
    destructive: front.destructive ?? false,
    args: z.object(shape),
    examples: [`${name}${Object.hasOwn(front.inputs, 'project') ? ' --project my-project' : ''}`],
    async resolve(context, args) {
      const given = args as JsonObject & { project?: string; env?: string };
      const projects = Object.keys(context.config.current().config.projects);
      const project = given.project ?? front.projects?.[0] ?? projects[0] ?? '';
      const env = given.env ?? front.environments?.[0] ?? defaultEnv(context.config.project(project));
      const inputs = Object.fromEntries(
        Object.entries({ ...given, project, env }).filter(
          ([k, v]) => Object.hasOwn(front.inputs, k) && v !== undefined,
        ),
      );
      return Promise.resolve({ runbook: front.runbook, action: front.action, project, env, inputs });
    },
  });
}

export function defaultEnv(project: { environments: Record<string, unknown> }): string {
  return Object.keys(project.environments)[0] ?? NO_ENVIRONMENT;
}

function schemaOf(spec: InputSpec): z.ZodType<Json | undefined> {
  const about = spec.description ?? `${spec.type} input`;
  const base: z.ZodType<Json> =
    spec.type === 'integer'
      ? arg.integer(about, {
          min: spec.min ?? Number.MIN_SAFE_INTEGER,
          max: spec.max ?? Number.MAX_SAFE_INTEGER,
        })
      : spec.type === 'boolean'
        ? arg.boolean(about, { negatable: true })
        : spec.type === 'enum' && spec.values !== undefined && spec.values.length > 0
          ? arg.choice(spec.values as [string, ...string[]], about)
          : arg.string(about, { max: spec.max_length ?? 1000 });
  return spec.optional || spec.default !== undefined ? base.optional() : base;
}
