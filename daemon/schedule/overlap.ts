import type { Anchor } from '../../contracts/job.ts';
import type { Jobs } from '../ports/jobs.ts';
import { iso } from '../time.ts';

export type OverlapJobs = Pick<Jobs, 'list' | 'cancel' | 'wait'>;

/** `<schedule>@<planned time>`: the same slot is the same job, whoever fires it. */
export const slotAnchor = (schedule: string, slot: number): Anchor => ({
  kind: 'slot',
  id: `${schedule}@${iso(slot)}`,
});

/** Whom the records name when a newer slot cancels an older one's job. */
const BY = 'scheduler';
const MANY = 10_000;

/**
 * Ids of the jobs that slots of a schedule started and that have not ended, oldest first.
 *
 * @param own Anchor id of the slot that asks: its own job, started before a crash, is in nobody's way.
 */
export function activeJobs(jobs: Pick<Jobs, 'list'>, schedule: string, own?: string): string[] {
  return (['RUNNING', 'QUEUED'] as const)
    .flatMap((status) => jobs.list({ status, limit: MANY }))
    .filter(
      ({ spec }) =>
        spec.anchor.kind === 'slot' && spec.anchor.id.startsWith(`${schedule}@`) && spec.anchor.id !== own,
    )
    .sort((a, b) => a.queued_at - b.queued_at)
    .map(({ spec }) => spec.job_id);
}

/** Whether a job with this anchor is there. */
export const isQueued = (jobs: Pick<Jobs, 'list'>, anchor: string): boolean =>
  jobs.list({ limit: MANY }).some(({ spec }) => spec.anchor.kind === 'slot' && spec.anchor.id === anchor);

/** Resolves when none of the schedule's earlier jobs is left, cancelling them first where `cancel` says why. */
export async function clearWay(
  jobs: OverlapJobs,
  schedule: string,
  own: string,
  signal: AbortSignal,
  cancel?: string,
): Promise<void> {
  for (const id of activeJobs(jobs, schedule, own)) {
    if (cancel !== undefined) await cancelOrGone(jobs, id, cancel);
    signal.throwIfAborted();
    await jobs.wait(id, signal);
  }
}

/** A job that ended by itself meanwhile is what was wanted. */
async function cancelOrGone(jobs: OverlapJobs, id: string, why: string): Promise<void> {
  try {
    await jobs.cancel(id, BY, why);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'JOB_NOT_RUNNING')) throw error;
  }
}
