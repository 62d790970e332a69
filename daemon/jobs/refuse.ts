import { ReeveError, fail } from '../../contracts/errors.ts';
import { isTerminal } from '../../contracts/job.ts';
import { errno } from '../durable.ts';
import { cut } from '../text.ts';
import { asReeve, type Core } from './core.ts';
import type { JobEntry } from './entries.ts';
import { attemptIdOf, utc } from './identity.ts';

/** What may be different in a moment: the job stays in the queue. */
const WAITS: ReadonlySet<string> = new Set([
  'HALTED',
  'PAUSED',
  'DRAINING',
  'LOCK_HELD',
  'CLOCK_BEHIND_LEDGER',
]);
const mayPass = ({ code, cause }: ReeveError): boolean =>
  WAITS.has(code) || code.startsWith('LEDGER_') || (code === 'INTERNAL' && errno(cause) !== '');

/** The fence of the attempt that comes next: that of one already queued (`retry`), or the next number. */
export function nextFence(entry: JobEntry): number {
  const last = entry.attempts.at(-1);
  if (last === undefined) return 1;
  return last.record.status === 'QUEUED' ? last.fence : last.fence + 1;
}

/** The grant that allows the next attempt: the job's, or the one its newest retry was admitted with. */
export const grantOf = (entry: JobEntry): string =>
  entry.attempts.at(-1)?.record.correlation_ids?.grant_id ?? entry.spec.grant_id;

/** `wait`: it has not started and nothing is recorded, try later. `ended`: its outcome is recorded. `lost`: it could not be. */
export type Launched = { wait: ReeveError } | Ended;
export type Ended = 'ended' | { lost: ReeveError };

/** The next attempt cannot start. For what may pass it waits; else that is the outcome, and nothing has run. */
export async function refuse(core: Core, jobId: string, error: ReeveError): Promise<Launched> {
  if (mayPass(error)) return { wait: error };
  const entry = core.entry(jobId);
  if (entry === undefined) return 'ended';
  const { spec } = entry;
  const last = entry.attempts.at(-1);
  const now = utc(core.now());
  const { owner } = core.options;
  const why = cut(error.message.toWellFormed(), 500);
  try {
    if (last !== undefined && isTerminal(last.record.status)) {
      // The attempt that was to be followed by another keeps its status: it is the last one after all.
      const said = [last.why === undefined ? '' : cut(last.why, 480), `not run again: ${why}`]
        .filter(Boolean)
        .join('; ');
      const attempt = { ...last.record, updated_at_utc: now };
      await core.outcome('job.attempt', { attempt, fence: last.fence, owner, why: said }, () => {
        const current = core.entry(spec.job_id)?.attempts.at(-1);
        if (current?.fence !== last.fence || current.retry_at === undefined)
          throw fail('FENCED', { attempt: last.record.attempt_id });
      });
      return 'ended';
    }
    const fence = nextFence(entry);
    const attempt = {
      job_id: spec.job_id,
      attempt_id: attemptIdOf(spec.job_id, fence),
      status: 'CANCELLED' as const,
      created_at_utc: last?.record.created_at_utc ?? now,
      updated_at_utc: now,
      correlation_ids: { grant_id: grantOf(entry) },
      error_code: error.code,
      retryable: false,
    };
    await core.outcome('job.attempt', { attempt, fence, owner, why }, () => {
      const current = core.entry(spec.job_id);
      if (current?.status !== 'QUEUED' || nextFence(current) !== fence)
        throw fail('FENCED', { attempt: attempt.attempt_id });
    });
    return 'ended';
  } catch (refused) {
    if (refused instanceof ReeveError && refused.code === 'FENCED') return 'ended';
    return mayPass(asReeve(refused)) ? { wait: asReeve(refused) } : { lost: asReeve(refused) };
  }
}
