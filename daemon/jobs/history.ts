import { fail } from '../../contracts/errors.ts';
import { jobOf } from '../job-record.ts';
import type { Ledger } from '../ports/ledger.ts';
import { own, type JobEntry, type JobsState } from './entries.ts';
import { jobsProjection } from './projection.ts';
import { maybeSeen } from './seen.ts';

/**
 * A whole job out of the ledger. Of the newest jobs it is known where they stand there; one that is older takes a pass over
 * all records (about a second for each million).
 */
export async function readJob(
  ledger: Ledger,
  { older }: Pick<JobsState, 'older'>,
  jobId: string,
): Promise<JobEntry | undefined> {
  let state = jobsProjection.initial();
  const place = own(older, jobId);
  const [from, options] = place === undefined ? [0, {}] : [place[1], { limit: place[2] - place[1] + 1 }];
  for await (const record of ledger.read(from, options)) {
    if (jobOf(record) === jobId) state = jobsProjection.apply(state, record);
  }
  return own(state.jobs, jobId);
}

/** Whether a job was ever queued; reads the ledger only when the filter cannot say no. */
export async function everQueued(ledger: Ledger, state: JobsState, jobId: string): Promise<boolean> {
  if (own(state.jobs, jobId) !== undefined || own(state.older, jobId) !== undefined) return true;
  if (!maybeSeen(state.forgotten, jobId)) return false;
  for await (const record of ledger.read(0)) {
    if (record.type === 'job.queued' && record.body.job.job_id === jobId) return true;
  }
  return false;
}

/**
 * The id that `text` means: a job or attempt id, or a prefix of at least 8 hex digits with or without `job_`. Ids that the
 * state has let go are looked for in the ledger. Rejects JOB_NOT_FOUND, JOB_AMBIGUOUS.
 */
export async function resolveId(ledger: Ledger, state: JobsState, text: string): Promise<string> {
  const hex = /^(?:job_)?([0-9a-f]{8,32})(?:\.[0-9]+)?$/.exec(text)?.[1];
  if (hex === undefined) throw fail('JOB_NOT_FOUND', { id: shorten(text) });
  const prefix = `job_${hex}`;
  const known = (id: string): boolean =>
    own(state.jobs, id) !== undefined || own(state.older, id) !== undefined;
  if (known(prefix)) return prefix;
  const found = new Set<string>();
  for (const id of Object.keys(state.jobs)) if (id.startsWith(prefix)) found.add(id);
  for (const id of Object.keys(state.older)) if (id.startsWith(prefix)) found.add(id);
  if (found.size === 0 && state.forgotten.length > 0) {
    for await (const record of ledger.read(0)) {
      if (record.type === 'job.queued' && record.body.job.job_id.startsWith(prefix))
        found.add(record.body.job.job_id);
    }
  }
  const [first, ...more] = found;
  if (first === undefined) throw fail('JOB_NOT_FOUND', { id: shorten(text) });
  if (more.length > 0)
    throw fail('JOB_AMBIGUOUS', { id: shorten(text), matches: [...found].slice(0, 5).join(', ') });
  return first;
}

const shorten = (text: string): string => JSON.stringify(text.slice(0, 60)).slice(1, -1);
