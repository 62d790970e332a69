import { fail } from '../../contracts/errors.ts';
import { isTerminal, type Anchor } from '../../contracts/job.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { Plan } from '../../contracts/plan.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Grants } from '../ports/grants.ts';
import type { JobView, Jobs } from '../ports/jobs.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import { cut } from '../text.ts';
import { capOf, planDigestOf } from './identity.ts';

export interface CallDeps {
  jobs: Pick<Jobs, 'get' | 'idOf' | 'submit' | 'wait' | 'cancel'>;
  grants: Pick<Grants, 'check' | 'child' | 'use'>;
  runbooks: Pick<Runbooks, 'plan'>;
  artifacts: Pick<Artifacts, 'get'>;
}

/** As `StepServices.call`; `parent` is the calling job's or attempt's id. */
export interface CallRequest {
  runbook: string;
  project: string;
  env: string;
  inputs: JsonObject;
  plan_digest: string;
  parent: string;
  step: string;
  signal: AbortSignal;
}

/**
 * Runs a called runbook as a job of its own under a child grant of the caller's, and waits for it. Its anchor is the
 * calling attempt and step, so that the same call is the same job. What runs is the plan that the caller's plan names,
 * else GRANT_PLAN_MISMATCH; it may use no more than the caller's grant, else GRANT_CHILD_WIDER. When the signal is
 * aborted the called job is cancelled, and its end still waited for.
 */
export async function callRunbook(deps: CallDeps, request: CallRequest): Promise<JobView> {
  const { jobs, grants, runbooks } = deps;
  const { runbook, project, env, inputs, plan_digest, step, signal } = request;
  const parent = await jobs.get(request.parent);
  const attempt = parent.attempts.at(-1);
  const gid = attempt?.record.correlation_ids?.child_grant_id;
  if (attempt === undefined || gid === undefined || isTerminal(attempt.record.status)) {
    throw fail('FENCED', { attempt: attempt?.record.attempt_id ?? request.parent });
  }
  const calls = Object.values((await planOf(deps, parent)).calls);
  const plan = await runbooks.plan({ runbook, project, env, inputs });
  if (planDigestOf(plan) !== plan_digest || !calls.includes(plan_digest)) throw fail('GRANT_PLAN_MISMATCH');
  const { spec } = parent;
  const caller = grants.check(gid, { project: spec.project, cap: capOf(spec), plan: spec.plan_digest });
  const anchor: Anchor = { kind: 'parent', id: `${attempt.record.attempt_id}/${step}` };
  const jobId = jobs.idOf(plan, anchor);
  const deeper = Object.keys(plan.calls).length > 0;
  const { payload } = await grants.child(gid, {
    cap: deeper ? caller.cap : [capOf(plan)],
    prj: deeper ? caller.prj : [plan.project],
    exp: caller.exp,
    uses: 1,
    plan: plan_digest,
    calls,
    reason: `called by ${attempt.record.attempt_id}, step ${step}`,
  });
  const grant = payload.gid;
  await grants.use({ grant, sub: payload.sub, cap: capOf(plan), project, plan: plan_digest, job: jobId });
  const reason = cut(`called by ${spec.runbook}, step ${step}: ${spec.reason}`, 2000);
  await jobs.submit({
    plan,
    plan_digest,
    anchor,
    requested_by: spec.requested_by,
    actor: { person: spec.requested_by, via: 'runbook' },
    grant_id: grant,
    reason,
    parent: spec.job_id,
    ...(spec.confirmed === true ? { confirmed: true } : {}),
  });
  await waitOrCancel(jobs, jobId, spec.requested_by, signal);
  return jobs.get(jobId);
}

async function waitOrCancel(
  jobs: CallDeps['jobs'],
  jobId: string,
  by: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await jobs.wait(jobId, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    const reason = signal.reason instanceof Error ? signal.reason.message : 'the calling step was stopped';
    try {
      await jobs.cancel(jobId, by, cut(reason, 500));
    } catch (refused) {
      // It has just ended by itself.
      if (!isTerminal((await jobs.get(jobId)).status)) throw refused;
    }
    await jobs.wait(jobId);
  }
}

async function planOf({ artifacts }: CallDeps, { spec }: JobView): Promise<Plan> {
  const bytes = await artifacts.get(spec.plan_digest);
  return Plan.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
