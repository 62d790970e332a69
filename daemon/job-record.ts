import type { LedgerRecord } from '../contracts/record.ts';

/** The job whose state a record changes, if there is one. */
export function jobOf(record: LedgerRecord): string | undefined {
  switch (record.type) {
    case 'job.queued':
      return record.body.job.job_id;
    case 'job.attempt':
      return record.body.attempt.job_id;
    case 'job.step.started':
    case 'job.step.finished':
    case 'job.cancel_requested':
    case 'job.resolved':
      return record.body.job_id;
    default:
      return undefined;
  }
}
