import { fail } from '../../contracts/errors.ts';
import type { ArtifactRef } from '../../contracts/artifact.ts';
import { isTerminal } from '../../contracts/job.ts';
import type { Plan } from '../../contracts/plan.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { cut } from '../text.ts';
import { storeLog } from './attempt-log.ts';
import { asReeve, type Core } from './core.ts';
import type { AttemptEntry, JobEntry } from './entries.ts';
import { jobOf, utc } from './identity.ts';
import type { LockKeeper } from './keeper.ts';
import { grantOf, refuse } from './refuse.ts';
import { leftDay, type LeftDay } from './take-up.ts';

/** So many UNKNOWN outcomes in a row and nothing is run again by itself: perhaps it is the job that stops the daemon. */
const MAX_RERUNS = 3;

export interface Recovered {
  /** Jobs that go on waiting, oldest first. */
  queue: { entry: JobEntry; plan: Plan }[];
  /** Attempts whose outcome is unknown now. */
  unknown: string[];
  /** Game days that still owe their rollback. */
  owed: LeftDay[];
  /** Jobs that cannot go on; recorded with the reason. */
  ended: string[];
}

/**
 * What to do with what a crash left (DESIGN §3): every attempt that was RUNNING is UNKNOWN. It is run again only when its
 * plan says `idempotent` and its grant still holds. A game day whose method had begun stays RUNNING: its rollback comes first
 * (take-up.ts). What waited goes on waiting if its grant still holds. Rejects when
 * the ledger cannot be written: then nothing may start.
 */
export async function recover(core: Core): Promise<Recovered> {
  const result: Recovered = { queue: [], unknown: [], owed: [], ended: [] };
  await core.scratch.prepare();
  const logs = new Set(await core.scratch.leftLogs());
  const live = Object.values(core.jobs.jobs)
    .filter(({ status }) => !isTerminal(status))
    .sort((a, b) => a.seq - b.seq);
  for (const entry of live) {
    const last = entry.attempts.at(-1);
    if (last?.record.status === 'RUNNING') {
      // First of all: what it runs must not meet another attempt, nor the person who looks at the target.
      const strays = (await core.options.endStrays?.(last.record.attempt_id)) ?? 0;
      const owed = await leftDay(core, entry, last, strays);
      if (owed !== undefined) {
        result.owed.push(owed);
        continue;
      }
      const log = logs.has(last.record.attempt_id) ? await keepLog(core, last.record.attempt_id) : undefined;
      await recordUnknown(core, entry, last, strays, log);
      result.unknown.push(last.record.attempt_id);
    }
    await goOn(core, entry.spec.job_id, result);
  }
  await core.scratch.clear(result.owed.map(({ attempt }) => attempt.record.attempt_id));
  return result;
}

async function keepLog(core: Core, attemptId: string): Promise<ArtifactRef | undefined> {
  try {
    return await storeLog(core.options.artifacts, core.scratch.logPath(attemptId), attemptId);
  } catch (error) {
    core.options.warn(`the log of ${attemptId}`, error);
    return undefined;
  }
}

async function recordUnknown(
  core: Core,
  entry: JobEntry,
  last: AttemptEntry,
  strays: number,
  log: ArtifactRef | undefined,
): Promise<void> {
  const { attempt_id } = last.record;
  const open = last.steps.find(({ status }) => status === 'RUNNING');
  const error = fail('JOB_UNKNOWN', { id: entry.spec.job_id, step: open?.name ?? 'none' });
  const between = `The daemon stopped between two steps; after ${last.steps.at(-1)?.name ?? 'the start'} nothing is known.`;
  const refusal = await whyNotAgain(core, entry, last);
  const why = [
    open === undefined ? between : error.message,
    ...(strays === 0 ? [] : [`${strays} process(es) it had left running were ended now.`]),
    ...(refusal === '' ? [] : [refusal]),
  ].join(' ');
  const body: RecordBody<'job.attempt'> = {
    attempt: {
      ...last.record,
      status: 'UNKNOWN',
      updated_at_utc: utc(core.now()),
      error_code: error.code,
      retryable: refusal === undefined,
    },
    fence: last.fence,
    owner: core.options.owner,
    why: cut(why, 1000),
    ...(log === undefined ? {} : { log }),
    ...(refusal === undefined ? { retry_at: core.now() } : {}),
  };
  await core.options.ledger.append('job.attempt', body, {
    guard: () => core.mustBeCurrent(entry.spec.job_id, attempt_id, last.fence),
  });
}

/** Undefined: it is run again. Empty: nobody expected it to be. Else why it is not although its runbook allows it. */
async function whyNotAgain(core: Core, entry: JobEntry, last: AttemptEntry): Promise<string | undefined> {
  let plan: Plan;
  try {
    plan = await core.plan(entry.spec);
  } catch (error) {
    return `Its plan cannot be read: ${asReeve(error).message}`;
  }
  if (!plan.idempotent) return '';
  if (entry.spec.parent !== undefined) return 'Not run again by itself: the job that called it decides.';
  if (entry.cancel !== undefined) return `Not run again: ${entry.cancel.by} had cancelled it.`;
  const before = entry.attempts.slice(-MAX_RERUNS).filter(({ record }) => record.status === 'UNKNOWN').length;
  if (before + 1 >= MAX_RERUNS && last.fence >= MAX_RERUNS)
    return `Not run again: it was interrupted ${MAX_RERUNS} times in a row.`;
  try {
    core.check(entry.spec, grantOf(entry));
  } catch (error) {
    const reeve = asReeve(error);
    // A halt passes; the grant is looked at again when it is lifted.
    if (reeve.code !== 'HALTED') return `Not run again: ${reeve.message}`;
  }
  return undefined;
}

async function goOn(core: Core, jobId: string, result: Recovered): Promise<void> {
  const entry = core.entry(jobId);
  if (entry === undefined || entry.status !== 'QUEUED') return;
  try {
    if (entry.cancel !== undefined) throw fail('JOB_CANCELLED', entry.cancel);
    if (entry.spec.parent !== undefined)
      throw fail('JOB_CANCELLED', { by: 'reeve', reason: 'the job that called it was interrupted' });
    const plan = await core.plan(entry.spec);
    try {
      core.check(entry.spec, grantOf(entry));
    } catch (error) {
      if (asReeve(error).code !== 'HALTED') throw error;
    }
    result.queue.push({ entry, plan });
  } catch (error) {
    const done = await refuse(core, jobId, asReeve(error));
    if (done === 'ended') result.ended.push(jobId);
    else throw 'wait' in done ? done.wait : done.lost;
  }
}

/**
 * Locks that a crash left. Where the outcome is known, or nothing had begun, the lock is free at once; one of an UNKNOWN
 * attempt stays to the end of its lease, since its effect may go on (a process that outlived the daemon).
 */
export async function freeLocks(core: Core, keeper: LockKeeper): Promise<void> {
  for (const held of Object.values(core.locks.locks)) {
    const entry = core.entry(jobOf(held.owner));
    const attempt = entry?.attempts.find(({ fence }) => fence === held.fence);
    // It goes on, and keeps its lock.
    if (attempt?.record.status === 'RUNNING') continue;
    const open = attempt?.record.status === 'UNKNOWN' && entry?.resolved === undefined;
    await (open ? keeper.sweep(held) : keeper.release(held.lock, held.owner));
  }
}
