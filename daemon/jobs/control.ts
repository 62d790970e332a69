import { fail } from '../../contracts/errors.ts';
import { cut } from '../text.ts';
import type { Dispatcher } from './dispatcher.ts';
import type { JobEntry } from './entries.ts';
import { attemptIdOf, jobOf, utc } from './identity.ts';
import { nextFence } from './refuse.ts';
import { findJob } from './reader.ts';

const find = async ({ core }: Dispatcher, jobId: string): Promise<JobEntry> => {
  await core.options.ledger.settled();
  return findJob(core, jobId);
};

/** Durable; who runs it is told when it is (interrupts.ts). */
export async function cancelJob(on: Dispatcher, jobId: string, by: string, reason: string): Promise<void> {
  await find(on, jobId);
  const { ledger } = on.core.options;
  const guard = (): void => {
    const status = on.core.entry(jobId)?.status ?? 'ended';
    if (status !== 'QUEUED' && status !== 'RUNNING') throw fail('JOB_NOT_RUNNING', { id: jobId, status });
  };
  await ledger.append('job.cancel_requested', { job_id: jobId, by, reason }, { guard });
  await on.cancelWaiting(jobId);
}

export async function retryJob(
  on: Dispatcher,
  jobId: string,
  grantId: string,
  by: string,
  reason: string,
  asked?: string,
): Promise<{ attempt_id: string }> {
  const { core } = on;
  const { spec } = await find(on, jobId);
  const plan = await core.plan(spec);
  const current = (): JobEntry => {
    const entry = core.entry(jobId);
    if (entry === undefined) {
      const why = 'it is too long ago';
      throw fail('JOB_NOT_RETRYABLE', { id: jobId, status: 'ended', why });
    }
    return entry;
  };
  const fence = nextFence(current());
  const attempt_id = attemptIdOf(jobId, fence);
  const now = utc(core.now());
  const attempt = {
    job_id: jobId,
    attempt_id,
    status: 'QUEUED' as const,
    created_at_utc: now,
    updated_at_utc: now,
    correlation_ids: {
      grant_id: grantId,
      requested_by: by,
      ...(asked === undefined ? {} : { asked: cut(asked, 200) }),
    },
  };
  const why = cut(reason, 1000);
  let added = false;
  const guard = (): void => {
    const entry = current();
    requireRetryable(entry);
    if (nextFence(entry) !== fence) throw fail('FENCED', { attempt: attempt_id });
    on.mayQueue(spec, plan, grantId);
    on.add(spec, plan.lock, core.now(), 'writing');
    added = true;
  };
  try {
    await core.options.ledger.append(
      'job.attempt',
      { attempt, fence, owner: core.options.owner, why },
      { guard },
    );
  } catch (error) {
    if (added) on.settle(jobId, false);
    throw error;
  }
  on.settle(jobId, true);
  return { attempt_id };
}

/** Throws JOB_NOT_RETRYABLE. */
function requireRetryable({ spec, status, resolved }: JobEntry): void {
  if (status === 'FAIL' || status === 'TIMED_OUT' || status === 'CANCELLED') return;
  if (status === 'UNKNOWN' && resolved?.as === 'FAIL') return;
  const why = {
    QUEUED: 'it waits for its next attempt already',
    RUNNING: 'it runs',
    PASS: 'it has passed',
    SKIPPED: 'it was skipped',
    UNKNOWN: 'a person has to say first what its outcome was',
  }[status];
  throw fail('JOB_NOT_RETRYABLE', { id: spec.job_id, status, why });
}

/** A person's verdict on an UNKNOWN outcome. What its attempts still hold is free then. */
export async function resolveJob(
  on: Dispatcher,
  jobId: string,
  as: 'PASS' | 'FAIL',
  by: string,
  reason: string,
): Promise<void> {
  await find(on, jobId);
  const { core, keeper } = on;
  const guard = (): void => {
    const entry = core.entry(jobId);
    if (entry?.status !== 'UNKNOWN' || entry.resolved !== undefined) {
      const status = entry?.resolved === undefined ? (entry?.status ?? 'ended') : 'resolved already';
      throw fail('JOB_NOT_UNKNOWN', { id: jobId, status });
    }
  };
  await core.options.ledger.append('job.resolved', { job_id: jobId, as, by, reason }, { guard });
  for (const { lock, owner } of Object.values(core.locks.locks)) {
    if (jobOf(owner) === jobId) await keeper.release(lock, owner);
  }
}
