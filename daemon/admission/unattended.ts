import { calledRuns } from '../../contracts/plan.ts';
import type { Deps } from '../ports/actions.ts';
import type { Unattended } from '../ports/unattended.ts';
import { lifetime } from './privileged.ts';
import { requireWork, scopeOf } from './reach.ts';
import { startJob, type StartDeps } from './start.ts';

type UnattendedDeps = StartDeps & Pick<Deps, 'mandates' | 'runbooks' | 'work' | 'planDigest'>;

/** The fourth way to a grant (DESIGN §4): one short-lived, one-use, plan-bound grant per slot under an accepted mandate. */
export async function admitUnattended(deps: UnattendedDeps, ask: Unattended): Promise<{ job_id: string }> {
  await deps.mandates.requireUsable(ask.mandate);
  const runbook = await deps.runbooks.get(ask.runbook);
  const action = runbook.front.action;
  const wish = { runbook: ask.runbook, action, project: ask.project, env: ask.env, inputs: ask.inputs };
  const plan = await deps.runbooks.plan(ask.part === undefined ? wish : { ...wish, part: ask.part });
  const digest = deps.planDigest(plan);
  // A file swapped in between the two looks would be in the plan but not in what was accepted.
  await deps.mandates.requireUsable(ask.mandate, plan, ...calledRuns(plan));
  requireWork(deps, plan);
  await deps.integrity();
  const id = deps.jobs.idOf(plan, ask.anchor);
  if (deps.jobs.known(id)) return { job_id: id };
  const sub = `mandate:${ask.mandate}`;
  const issued = await deps.grants.issue({
    how: 'mandate',
    iss: 'daemon',
    sub,
    ...scopeOf(plan),
    lifetime_ms: lifetime(plan),
    uses: 1,
    plan: digest,
    reason: ask.reason,
  });
  await startJob(deps, {
    wish,
    plan,
    digest,
    grant: issued.payload.gid,
    sub,
    type: action === 'run_drill' || action === 'heal' ? action : 'run',
    actor: { person: 'daemon', via: ask.via, account: ask.mandate },
    reason: ask.reason,
    anchor: ask.anchor,
    how: `mandate ${ask.mandate}`,
    confirmed: false,
  });
  return { job_id: id };
}
