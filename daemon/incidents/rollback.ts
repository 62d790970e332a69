import type { JobView } from '../ports/jobs.ts';

/**
 * What a job did of its own Rollback section in its last attempt. `none`: it has no such section; `not run`: it has, and it
 * was not run or not to its end.
 */
export function ownRollback({ attempts }: JobView): 'nothing begun' | 'done' | 'none' | 'not run' {
  const steps = attempts.at(-1)?.steps ?? [];
  // Of every attempt: what an earlier one began and did not undo is still there.
  const begun = attempts.some((attempt) =>
    attempt.steps.some(
      ({ on, status }) =>
        on === 'normal' && status !== 'PENDING' && status !== 'SKIPPED' && status !== 'QUEUED',
    ),
  );
  if (!begun) return 'nothing begun';
  const undo = steps.filter(({ on }) => on === 'failure');
  if (undo.length === 0) return 'none';
  return undo.every(({ status }) => status === 'PASS' || status === 'SKIPPED') &&
    undo.some(({ status }) => status === 'PASS')
    ? 'done'
    : 'not run';
}
