import { ReeveError } from '../../contracts/errors.ts';
import type { GrantPayload } from '../../contracts/grant.ts';
import type { Deps } from '../ports/actions.ts';
import type { RequestView } from '../ports/grants.ts';

interface ApprovedDeps extends Pick<Deps, 'grants' | 'jobs'> {
  run(request: RequestView, grant: Pick<GrantPayload, 'gid' | 'apr'>): Promise<{ job_id: string }>;
  log: { error(message: string, detail: unknown): void; info(message: string, detail: unknown): void };
}

/**
 * For the daemon's start: what was fully approved before a crash and has no job yet is signed, as far as it is in time,
 * and run. Its job has the id it would have had, so it runs once. What cannot be run is recorded as lapsed, with why.
 * Rejects as the ledger does; what is not settled then is at the next start.
 */
export async function finishApproved({ grants, jobs, run, log }: ApprovedDeps): Promise<void> {
  await grants.completeRequests();
  for (const request of await grants.unfinished(beganIn(jobs))) {
    const { id, gid } = request;
    try {
      if (gid === null) {
        await grants.lapse(id, 'GRANT_EXPIRED', 'the daemon was not running until its time had run out');
        continue;
      }
      const { apr } = await grants.show(gid);
      const { job_id } = await run(request, { gid, apr });
      log.info('what was approved before the start runs now', { request: id, job: job_id });
    } catch (error) {
      await lapsed(grants, id, error);
      log.error(`request ${id} was approved, but its job did not start`, error);
    }
  }
}

/** Records that an approved request comes to nothing. A failure that says nothing about it, as a full disk, is thrown on. */
export async function lapsed(
  grants: Pick<Deps['grants'], 'lapse'>,
  id: string,
  error: unknown,
): Promise<void> {
  if (!(error instanceof ReeveError) || error.code.startsWith('LEDGER_')) throw error;
  await grants.lapse(id, error.code, error.message);
}

/** A job that is retried is there already: whether it was under this grant is what counts. */
function beganIn(jobs: ApprovedDeps['jobs']): (job: string, gid: string) => boolean {
  let grants: Map<string, Set<string | undefined>> | undefined;
  return (job, gid) => {
    grants ??= new Map(
      jobs
        .list()
        .map(({ spec, attempts }) => [
          spec.job_id,
          new Set([spec.grant_id, ...attempts.map(({ record }) => record.correlation_ids?.['grant_id'])]),
        ]),
    );
    return grants.get(job)?.has(gid) ?? jobs.known(job);
  };
}
