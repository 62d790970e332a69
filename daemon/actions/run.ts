import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { privilegedAction, type Action } from '../ports/actions.ts';
import { JOB_GROUP, jobArgs, placeArgs, placeOf, wishOf } from './wish.ts';

export const run = privilegedAction({
  name: 'runbook run',
  aliases: ['run'],
  type: 'run',
  summary: 'Run any runbook as a job',
  group: JOB_GROUP,
  verb: 'run',
  destructive: false,
  args: z.object({
    runbook: arg.runbook('its id', { position: 0 }),
    ...placeArgs,
    input: jobArgs.input,
    break_glass: jobArgs.break_glass,
    request_only: jobArgs.request_only,
  }),
  examples: ['runbook run hello --project reeve --env dev', 'run disk-space --force'],
  async resolve(context, args) {
    const runbook = await context.runbooks.get(args.runbook);
    const { project, env } = placeOf(context, runbook, args);
    return wishOf(runbook, runbook.front.action, project, env, {}, args);
  },
});

export const drillRun = privilegedAction({
  name: 'drill run',
  type: 'run_drill',
  summary: 'Run a restore drill now',
  group: JOB_GROUP,
  verb: 'run',
  destructive: false,
  args: z.object({
    drill: arg.runbook('runbook with action: run_drill', { position: 0 }),
    ...placeArgs,
    input: jobArgs.input,
  }),
  examples: ['drill run self-restore --force'],
  async resolve(context, args) {
    const runbook = await context.runbooks.get(args.drill);
    if (runbook.front.action !== 'run_drill')
      throw fail('ARGUMENTS_INVALID', {
        command: 'drill run',
        why: `${args.drill} is not a drill (its action is ${runbook.front.action})`,
      });
    const { project, env } = placeOf(context, runbook, args);
    return wishOf(runbook, 'run_drill', project, env, {}, args);
  },
});

/** The same work again: `retry` is a further attempt of the same plan, `replay` a new job with the old one's inputs. */
const again = (name: 'jobs retry' | 'replay', type: 'retry' | 'replay', summary: string): Action =>
  privilegedAction({
    name,
    type,
    summary,
    group: JOB_GROUP,
    verb: 'run',
    destructive: false,
    args: z.object({ job: arg.job('job id or its first digits', { position: 0 }) }),
    examples: [`${name} job_1f2e3d4c`],
    async resolve(context, args) {
      const { spec, status } = await context.jobs.get(args.job);
      const plan = JSON.parse(
        Buffer.from(await context.artifacts.get(spec.plan.digest ?? '')).toString('utf8'),
      ) as {
        targets?: JsonObject;
      };
      if (type === 'retry' && !['FAIL', 'TIMED_OUT', 'CANCELLED'].includes(status))
        throw fail('JOB_NOT_RETRYABLE', {
          id: spec.job_id,
          status,
          why: 'only FAIL, TIMED_OUT and CANCELLED are',
        });
      return {
        runbook: spec.runbook,
        action: spec.action,
        project: spec.project,
        env: spec.env,
        inputs: spec.inputs,
        targets: plan.targets ?? {},
        ...(type === 'retry' ? { retry_of: spec.job_id } : { replay_of: spec.job_id }),
      };
    },
  });
export const retry = again('jobs retry', 'retry', 'A further attempt of a job, with exactly its plan');
export const replay = again('replay', 'replay', "Run a past job's pinned inputs again as a new job");
