import type { JobSpec } from '../../contracts/job.ts';
import type { JobEntry } from './entries.ts';

/**
 * Whether a running job does nothing but wait for people: its step, or that of a runbook it calls, is an `approve`. That may
 * take a day, and nothing of it touches what it is about meanwhile.
 */
export function isAsking(jobs: Readonly<Record<string, JobEntry>>, id: string, depth = 0): boolean {
  const entry = Object.hasOwn(jobs, id) ? jobs[id] : undefined;
  const attempt = entry?.status === 'RUNNING' ? entry.attempts.at(-1) : undefined;
  const step = attempt?.steps.findLast(({ status }) => status === 'RUNNING');
  if (step?.kind === 'approve') return true;
  if (step?.kind !== 'call' || depth >= 16) return false;
  return Object.values(jobs).some(
    ({ spec, status }) =>
      spec.parent === id && status === 'RUNNING' && isAsking(jobs, spec.job_id, depth + 1),
  );
}

/** It heals an incident: it need not wait until somebody has answered another job's question. */
export const isHeal = ({ anchor }: Asker): boolean => anchor?.kind === 'incident';

/** Who asks for a lock. */
export type Asker = Pick<JobSpec, 'job_id' | 'parent'> & Partial<Pick<JobSpec, 'anchor'>>;
