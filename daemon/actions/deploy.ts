import { z } from 'zod';
import type { Json, JsonObject } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { privilegedAction, type Action } from '../ports/actions.ts';
import { JOB_GROUP, envOf, jobArgs, runbookFor, targetArgs, wishOf } from './wish.ts';

function simple(name: 'deploy' | 'rollback' | 'heal', summary: string, examples: readonly string[]): Action {
  return privilegedAction({
    name,
    type: name,
    summary,
    description: `Runs the project's runbook with \`action: ${name}\`: shows the plan, asks, and runs it under a one-use grant bound to that plan.`,
    group: JOB_GROUP,
    verb: 'deploy',
    destructive: true,
    args: z.object({
      ...targetArgs,
      env: arg.environment("environment; default: the project's first").optional(),
      ...jobArgs,
    }),
    examples,
    async resolve(context, args) {
      const runbook = await runbookFor(context, name, args.project, args.runbook);
      return wishOf(
        runbook,
        name,
        args.project,
        envOf(context, args.project, args.env),
        flags({ target: args.target }),
        args,
      );
    },
  });
}

const flags = (values: Record<string, Json | undefined>): JsonObject =>
  Object.fromEntries(Object.entries(values).filter((e): e is [string, Json] => e[1] !== undefined));

export const deploy = simple('deploy', 'Deploy a project to an environment', [
  'deploy --project my-project --env prod --target generic_container --preauth-grant gr_…',
  'deploy --project my-project --env staging --force',
]);
export const rollback = simple('rollback', 'Go back to the release before', [
  'rollback --project my-project --env staging --target generic_container --force',
]);
export const heal = simple('heal', 'Run the healing runbook of a project', [
  'heal --project my-project --target generic_container --env staging',
]);

export const promote = privilegedAction({
  name: 'promote',
  type: 'promote',
  summary: 'Carry the release of one environment to the next',
  group: JOB_GROUP,
  verb: 'deploy',
  destructive: true,
  args: z.object({
    ...targetArgs,
    from: arg.environment('where the release is now'),
    to: arg.environment('where it goes'),
    ...jobArgs,
  }),
  examples: ['promote --project my-project --from staging --to prod --target generic_container --force'],
  async resolve(context, args) {
    context.config.environment(args.project, args.from);
    const runbook = await runbookFor(context, 'promote', args.project, args.runbook);
    return wishOf(
      runbook,
      'promote',
      args.project,
      args.to,
      flags({ target: args.target, from: args.from, to: args.to }),
      args,
    );
  },
});

export const patch = privilegedAction({
  name: 'patch',
  type: 'patch',
  summary: 'Run the patch runbook of a project',
  group: JOB_GROUP,
  verb: 'deploy',
  destructive: true,
  args: z.object({
    ...targetArgs,
    env: arg.environment("environment; default: the project's first").optional(),
    auto_push: arg.boolean('push what was patched', { negatable: true }).optional(),
    ...jobArgs,
  }),
  examples: ['patch --project my-project --auto-push --preauth-grant gr_…'],
  async resolve(context, args) {
    const runbook = await runbookFor(context, 'patch', args.project, args.runbook);
    const env = envOf(context, args.project, args.env);
    return wishOf(
      runbook,
      'patch',
      args.project,
      env,
      flags({ target: args.target, auto_push: args.auto_push }),
      args,
    );
  },
});
