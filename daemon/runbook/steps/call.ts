import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { Digest, EnvironmentId, ProjectId, RunbookId } from '../../../contracts/ids.ts';
import { JsonObject } from '../../../contracts/json.ts';
import { CalledRun, calledRuns } from '../../../contracts/plan.ts';
import { planDigest } from '../digest.ts';
import { mistakes } from './http.ts';
import { StepMistake, defineKind, specObject } from './kind.ts';
import { fillObject, optionsOf, textsIn } from './options.ts';

/** Runs another runbook. Its whole plan is part of this one, so its inputs cannot come from running. */
export const call = defineKind({
  kind: 'call',
  languages: [],
  summary: 'Runs another runbook under a child grant; its text holds the inputs as YAML.',
  body: 'optional',
  templated: true,
  attributes: z.object({
    runbook: RunbookId,
    project: ProjectId.optional(),
    env: EnvironmentId.optional(),
  }),
  spec: specObject({
    runbook: RunbookId,
    project: ProjectId,
    env: EnvironmentId,
    inputs: JsonObject,
    plan_digest: Digest,
    /** It and all that it calls: what has to be allowed, and by which text. */
    runs: z.array(CalledRun).optional(),
    /** All of it, so that whoever confirms the caller's plan has seen what is called. Held by `plan_digest`. */
    plan: JsonObject.optional(),
  }),
  check(source) {
    return mistakes(() => {
      const late = textsIn(optionsOf(source)).find((text) => text.includes('${steps.'));
      if (late !== undefined)
        throw new StepMistake(
          'inputs of a called runbook are part of what is approved: outputs cannot be used',
          1,
        );
    });
  },
  async plan(attributes, source) {
    const project = attributes.project ?? source.project;
    const env = attributes.env ?? source.env;
    const inputs = await fillObject(optionsOf(source), source.fill);
    const plan = await source.planCall(attributes.runbook, project, env, inputs);
    const digest = planDigest(plan);
    const { action, runbook_digest } = plan;
    const runs = [{ runbook: attributes.runbook, runbook_digest, action, project, env }, ...calledRuns(plan)];
    return {
      summary: `runs ${attributes.runbook} on ${project}/${env}: ${plan.title}`,
      spec: {
        runbook: attributes.runbook,
        project,
        env,
        inputs: plan.inputs,
        plan_digest: digest,
        runs,
        plan,
      },
      calls: { [source.step.name]: digest },
    };
  },
  async run({ runbook, project, env, inputs, plan_digest }, context, step) {
    const job = await context.services.call({
      runbook,
      project,
      env,
      inputs,
      plan_digest,
      parent: context.spec.job_id,
      step: step.name,
      signal: context.signal,
    });
    const last = job.attempts.at(-1);
    const outputs: Record<string, string> = { job_id: job.spec.job_id, status: job.status };
    for (const [name, value] of Object.entries(last?.outputs ?? {}))
      if (typeof value === 'string') outputs[name] = value;
    if (job.status === 'PASS')
      return {
        status: 'PASS',
        outputs,
        ...(last?.artifacts === undefined ? {} : { artifacts: last.artifacts }),
      };
    const why = `${runbook} (${job.spec.job_id}) ended ${job.status}${last?.why === undefined ? '' : `: ${last.why}`}`;
    const error = fail('STEP_FAILED', { step: step.name, why, job: context.spec.job_id });
    return { status: 'FAIL', error_code: error.code, why: error.message, outputs };
  },
});
