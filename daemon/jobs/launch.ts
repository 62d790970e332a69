import { fail } from '../../contracts/errors.ts';
import type { JobSpec, TerminalStatus } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { Runbook } from '../../contracts/runbook.ts';
import { runAttempt } from './attempt.ts';
import { begin } from './begin.ts';
import { asReeve, type Core } from './core.ts';
import type { JobEntry } from './entries.ts';
import { requireGates } from './gates.ts';
import { attemptIdOf, capOf, utc } from './identity.ts';
import type { LockKeeper } from './keeper.ts';
import { lockOf } from './locks.ts';
import { grantOf, nextFence, refuse, type Ended, type Launched } from './refuse.ts';
import type { Run } from './run.ts';

/** Starts the next attempt of a queued job and sees it through. Never rejects. */
export async function launch(core: Core, keeper: LockKeeper, jobId: string): Promise<Launched> {
  let plan: Plan;
  let runbook: Runbook;
  const entry = core.entry(jobId);
  if (entry === undefined) return 'ended';
  try {
    if (entry.cancel !== undefined) throw fail('JOB_CANCELLED', entry.cancel);
    core.check(entry.spec, grantOf(entry));
    plan = await core.plan(entry.spec);
    runbook = await core.options.runbooks.get(plan.runbook);
    requireSame(core, plan, runbook);
    requireGates(core.jobs, plan, core.now());
  } catch (error) {
    return refuse(core, jobId, asReeve(error));
  }
  const fence = nextFence(entry);
  const attemptId = attemptIdOf(entry.spec.job_id, fence);
  let lock: string | null = null;
  let run: Run | undefined;
  try {
    if (plan.lock !== null && (await keeper.acquire(entry.spec, attemptId, fence, plan.lock)))
      lock = plan.lock;
    run = await beginFresh(core, entry, { plan, runbook, attemptId, fence, lock });
  } catch (error) {
    if (lock !== null) await quietly(core, keeper.release(lock, attemptId));
    return refuse(core, jobId, asReeve(error));
  }
  return see(core, keeper, run, runAttempt);
}

/** What was confirmed is what is there now: the runbook's file and the configuration (DESIGN §4, plan binding). */
function requireSame(core: Core, plan: Plan, runbook: Runbook): void {
  if (runbook.digest !== plan.runbook_digest) throw fail('RUNBOOK_CHANGED', { id: plan.runbook });
  if (core.options.config.current().digest !== plan.config_version) throw fail('GRANT_PLAN_MISMATCH');
}

interface Prepared {
  plan: Plan;
  runbook: Runbook;
  attemptId: string;
  fence: number;
  lock: string | null;
}

async function beginFresh(core: Core, entry: JobEntry, prepared: Prepared): Promise<Run> {
  const { spec, attempts } = entry;
  const { plan, runbook, attemptId, fence } = prepared;
  const childId = await childGrant(core, spec, plan, grantOf(entry), attemptId);
  return begin(core, {
    ...prepared,
    entry,
    childId,
    secrets: await core.options.services.secrets(runbook.front.secrets),
    createdAt: attempts.find((known) => known.fence === fence)?.record.created_at_utc ?? utc(core.now()),
    log: 'open',
    guard: () => {
      mayBegin(core, spec, fence);
      core.check(spec, childId);
    },
  });
}

async function childGrant(
  core: Core,
  spec: JobSpec,
  plan: Plan,
  grantId: string,
  attemptId: string,
): Promise<string> {
  const { grants } = core.options;
  const parent = grants.check(grantId, { project: spec.project, cap: capOf(spec), plan: spec.plan_digest });
  // What it calls may need more of the parent than its own capability.
  const calls = Object.keys(plan.calls).length > 0;
  const { payload } = await grants.child(grantId, {
    cap: calls ? parent.cap : [capOf(spec)],
    prj: calls ? parent.prj : [spec.project],
    exp: parent.exp,
    uses: 1,
    plan: spec.plan_digest,
    reason: `attempt ${attemptId}`,
  });
  return payload.gid;
}

function mayBegin(core: Core, spec: JobSpec, fence: number): void {
  const entry = core.entry(spec.job_id);
  if (core.stopping || entry === undefined) throw fail('DRAINING');
  if (entry.cancel !== undefined) throw fail('JOB_CANCELLED', entry.cancel);
  if (entry.status !== 'QUEUED' || nextFence(entry) !== fence)
    throw fail('FENCED', { attempt: attemptIdOf(spec.job_id, fence) });
}

/** Sees an attempt through that runs: keeps its lock, and leaves nothing behind. Never rejects. */
export async function see(
  core: Core,
  keeper: LockKeeper,
  run: Run,
  work: (core: Core, run: Run) => Promise<TerminalStatus>,
): Promise<Ended> {
  const { attemptId, fence, lock, log, spec, scratch } = run.parts;
  const stopRenewing = lock === null ? () => {} : keeper.keep(spec, attemptId, fence, lock);
  let unknown = false;
  try {
    unknown = (await work(core, run)) === 'UNKNOWN';
    return 'ended';
  } catch (error) {
    core.options.warn(`the outcome of ${attemptId}`, error);
    return { lost: asReeve(error) };
  } finally {
    stopRenewing();
    core.running.delete(attemptId);
    await quietly(core, log.close());
    if (lock !== null) await quietly(core, letGo(core, keeper, lock, attemptId, unknown));
    await quietly(core, core.scratch.remove(scratch));
  }
}

/** The lock of an UNKNOWN attempt stays until its lease ends or a person has looked: its effect may still go on. */
async function letGo(
  core: Core,
  keeper: LockKeeper,
  lock: string,
  owner: string,
  unknown: boolean,
): Promise<void> {
  const held = lockOf(core.locks, lock);
  if (held?.owner !== owner) return;
  await (unknown ? keeper.sweep(held) : keeper.release(lock, owner));
}

async function quietly(core: Core, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    core.options.warn('after an attempt', error);
  }
}
