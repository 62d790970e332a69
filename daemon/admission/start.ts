import type { Actor, AdminActionType } from '../../contracts/admin.ts';
import { fail } from '../../contracts/errors.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Anchor } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deps, Draft, JobWish } from '../ports/actions.ts';
import { iso } from '../time.ts';

export interface StartDeps extends Pick<Deps, 'grants' | 'jobs' | 'ledger' | 'hex'> {
  clock: Clock;
  /** Zone integrity before an operation; rejects ZONE_DRIFT when strict. */
  integrity(): Promise<void>;
  /**
   * Before a job is queued: the runbook's version stands in the record, and what it declares to write lies in zones that
   * may be written. Rejects ZONE_REFUSED, RUNBOOK_CHANGED.
   */
  settleRunbook(plan: Plan, confirmed: boolean): Promise<void>;
}

export interface Start {
  wish: JobWish;
  plan: Plan;
  digest: string;
  /** Grant id or token. */
  grant: string;
  sub: string;
  type: AdminActionType;
  actor: Actor;
  reason: string;
  anchor: Anchor;
  /** How the grant came to be, for people. */
  how: string;
  /** A person has seen and confirmed this very plan: what the app zone asks for. */
  confirmed: boolean;
  /** A use of the grant that is recorded for this very job already is its use: a crash came before the job was queued. */
  resume?: boolean;
}

/** intent → grant use → job queued → AdminEvent, each durable before the next. */
export async function startJob(deps: StartDeps, s: Start): Promise<Draft> {
  const { ledger, grants, jobs } = deps;
  const { wish, plan, digest } = s;
  if (wish.retry_of === undefined) {
    const there = existing(deps, plan, s.anchor);
    if (there !== undefined) return there;
  } else if ((await jobs.get(wish.retry_of)).spec.plan_digest !== digest)
    throw fail('JOB_NOT_RETRYABLE', {
      id: wish.retry_of,
      status: 'finished',
      why: 'its runbook or the configuration changed since',
    });

  await deps.settleRunbook(plan, s.confirmed);
  await jobs.precheck(plan);
  const jobId = wish.retry_of ?? jobs.idOf(plan, s.anchor);
  const id = `ae_${deps.hex(24)}`;
  const args: JsonObject = {
    job: jobId,
    runbook: plan.runbook,
    project: plan.project,
    env: plan.env,
    plan: digest,
    ...wish.targets,
  };
  await ledger.append('admin.intent', {
    admin_event_id: id,
    action_type: s.type,
    actor: s.actor,
    reason: s.reason,
    args,
  });
  const event = async (
    status: 'accepted' | 'refused',
    more: { error_code?: string; after?: JsonObject } = {},
  ) =>
    ledger.append('admin.event', {
      admin_event_id: id,
      action_type: s.type,
      actor: s.actor,
      observed_at_utc: iso(deps.clock.now()),
      reason: s.reason,
      targets: [
        { kind: 'job', id: jobId },
        { kind: 'project', id: plan.project },
        { kind: 'environment', id: plan.env },
      ],
      ...(more.after === undefined ? {} : { after: more.after }),
      result: { status, ...(more.error_code === undefined ? {} : { error_code: more.error_code }) },
    });
  let used;
  let attempt: string | undefined;
  try {
    used = await grants.use({
      grant: s.grant,
      sub: s.sub,
      cap: `${plan.action}:${plan.env}`,
      project: plan.project,
      plan: digest,
      job: jobId,
      ...(s.resume === true ? { resume: true } : {}),
    });
    if (wish.retry_of === undefined)
      await jobs.submit({
        plan,
        plan_digest: digest,
        anchor: s.anchor,
        requested_by: s.actor.person,
        actor: s.actor,
        grant_id: used.payload.gid,
        reason: s.reason,
        confirmed: s.confirmed,
        ...(wish.replay_of === undefined ? {} : { replay_of: wish.replay_of }),
      });
    else
      attempt = (await jobs.retry(jobId, used.payload.gid, s.actor.person, s.reason, s.anchor.id)).attempt_id;
  } catch (error) {
    await event('refused', {
      error_code: error instanceof Error && 'code' in error ? String(error.code) : 'INTERNAL',
    });
    throw error;
  }
  await event('accepted', {
    after: {
      job: jobId,
      grant: used.payload.gid,
      use: used.n,
      ...(attempt === undefined ? {} : { attempt }),
    },
  });
  return {
    title: `Started ${jobId.slice(0, 12)}: ${plan.title} (${plan.project}/${plan.env})`,
    tone: 'info',
    blocks: [
      {
        type: 'fields',
        fields: [
          { label: 'Job', value: { id: jobId } },
          { label: 'Grant', value: `${used.payload.gid} (${s.how}; use ${used.n} of ${used.payload.uses})` },
        ],
      },
    ],
    data: { job_id: jobId, existing: false, grant_id: used.payload.gid, plan_digest: digest },
    job: { id: jobId, follow: true },
  };
}

/** The job that the same plan and anchor are already. */
export function existing(deps: Pick<StartDeps, 'jobs'>, plan: Plan, anchor: Anchor): Draft | undefined {
  const id = deps.jobs.idOf(plan, anchor);
  if (!deps.jobs.known(id)) return undefined;
  return {
    title: `${plan.title}: this was asked before; it is ${id.slice(0, 12)}`,
    tone: 'info',
    data: { job_id: id, existing: true },
    job: { id, follow: true },
  };
}
