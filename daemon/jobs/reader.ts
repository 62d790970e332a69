import { fail } from '../../contracts/errors.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { JobView } from '../ports/jobs.ts';
import type { Core } from './core.ts';
import type { JobEntry } from './entries.ts';
import { readJob, resolveId } from './history.ts';
import { attemptIdOf } from './identity.ts';
import { readLog } from './log-file.ts';
import { jobView } from './view.ts';

export interface JobFilter {
  status?: JobStatus;
  project?: string;
  runbook?: string;
  limit?: number;
}

export function listJobs(core: Core, filter: JobFilter = {}): JobView[] {
  const { status, project, runbook, limit = Infinity } = filter;
  return Object.values(core.jobs.jobs)
    .filter(
      (entry) =>
        (status === undefined || entry.status === status) &&
        (project === undefined || entry.spec.project === project) &&
        (runbook === undefined || entry.spec.runbook === runbook),
    )
    .sort((a, b) => b.seq - a.seq)
    .slice(0, limit)
    .map((entry) => jobView(entry));
}

/** From memory, or from the ledger when it is older than what memory keeps. Rejects JOB_NOT_FOUND. */
export async function findJob(core: Core, jobId: string): Promise<JobEntry> {
  const entry = core.entry(jobId) ?? (await readJob(core.options.ledger, core.jobs, jobId));
  if (entry === undefined) throw fail('JOB_NOT_FOUND', { id: jobId.slice(0, 60) });
  return entry;
}

export async function getJob(core: Core, id: string): Promise<JobView> {
  const { ledger } = core.options;
  await ledger.settled();
  const entry = await findJob(core, await resolveId(ledger, core.jobs, id));
  try {
    return jobView(entry, await core.shownPlan(entry.spec));
  } catch (error) {
    core.options.warn(`the plan of ${entry.spec.job_id}`, error);
    return jobView(entry);
  }
}

export async function readLogs(
  core: Core,
  id: string,
  attempt?: number,
): Promise<{ step: string; stream: string; line: string }[]> {
  const { spec } = await getJob(core, id);
  // From memory in this instant: an attempt that ends must be seen either running or with its log.
  const { attempts } = core.entry(spec.job_id) ?? (await findJob(core, spec.job_id));
  const wanted = attempt === undefined ? attempts.at(-1) : attempts.find(({ fence }) => fence === attempt);
  if (wanted === undefined) {
    if (attempt === undefined) return [];
    throw fail('JOB_NOT_FOUND', { id: attemptIdOf(spec.job_id, attempt) });
  }
  const run = core.running.get(wanted.record.attempt_id);
  if (run !== undefined && wanted.log === undefined) return run.parts.log.lines();
  if (wanted.log?.digest === undefined) return [];
  return readLog(core.options.artifacts.stream(wanted.log.digest));
}

export function countJobs(core: Core): { running: number; queued: number; unknown: number } {
  const counts = { running: 0, queued: 0, unknown: 0 };
  for (const { status, resolved } of Object.values(core.jobs.jobs)) {
    if (status === 'RUNNING') counts.running += 1;
    else if (status === 'QUEUED') counts.queued += 1;
    else if (status === 'UNKNOWN' && resolved === undefined) counts.unknown += 1;
  }
  return counts;
}
