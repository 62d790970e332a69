import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { JobStatus } from '../../contracts/job.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Jobs, JobView } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';

/** Where an artifact came from: what decides who may download it, and when. */
export interface ArtifactOwner {
  /** Undefined: it belongs to the estate (a version of its configuration). */
  where: { project: string; env: string } | undefined;
  /**
   * Status of the attempt that produced it, while its results are gated on PASS; undefined for what people need to see
   * whatever came of the attempt: plans, logs, a drill's evidence, configuration.
   */
  gate: JobStatus | undefined;
  mediaType: string | undefined;
  name: string | undefined;
  size: number | undefined;
}

/** Looks through the jobs in memory, then through the whole ledger: downloads are rare and mostly of recent things. */
export async function artifactOwners(
  digest: string,
  jobs: Pick<Jobs, 'list'>,
  ledger: Pick<Ledger, 'read'>,
): Promise<ArtifactOwner[]> {
  const near = jobs.list().flatMap((job) => ofJob(job, digest));
  return near.length > 0 ? near : searchLedger(digest, ledger);
}

function ofJob(job: JobView, digest: string): ArtifactOwner[] {
  const found: ArtifactOwner[] = [];
  const take = (ref: ArtifactRef | undefined, gate: JobStatus | undefined): void => {
    if (ref !== undefined && has(ref, digest)) found.push(owner(ref, job.spec, gate));
  };
  take(job.spec.plan, undefined);
  for (const attempt of job.attempts) {
    take(attempt.log, undefined);
    for (const ref of attempt.artifacts ?? []) take(ref, attempt.record.status);
  }
  return found;
}

async function searchLedger(digest: string, ledger: Pick<Ledger, 'read'>): Promise<ArtifactOwner[]> {
  const found: ArtifactOwner[] = [];
  const places = new Map<string, { project: string; env: string }>();
  for await (const record of ledger.read(0)) {
    if (record.type === 'job.queued') {
      const { job_id, project, env } = record.body.job;
      places.set(job_id, { project, env });
    }
    for (const { ref, gate, job, estate } of refsOf(record)) {
      if (!has(ref, digest)) continue;
      const where = job === undefined ? estate : places.get(job);
      if (where !== undefined) found.push(owner(ref, where === 'estate' ? undefined : where, gate));
    }
  }
  return found;
}

interface Mention {
  ref: ArtifactRef | undefined;
  gate?: JobStatus;
  job?: string;
  estate?: 'estate' | { project: string; env: string };
}

function refsOf({ type, body }: LedgerRecord): Mention[] {
  switch (type) {
    case 'job.queued':
      return [{ ref: body.job.plan, job: body.job.job_id }];
    case 'job.attempt': {
      const { job_id: job, status: gate } = body.attempt;
      return [{ ref: body.log, job }, ...(body.artifacts ?? []).map((ref) => ({ ref, gate, job }))];
    }
    case 'drill.result':
      return body.evidence.map((ref) => ({ ref, job: body.job_id }));
    case 'grant.requested':
      return [{ ref: body.plan_ref, estate: { project: body.project, env: body.env } }];
    case 'config.version':
      return [{ ref: body.artifact, estate: 'estate' }];
    default:
      return [];
  }
}

const has = (ref: ArtifactRef | undefined, digest: string): ref is ArtifactRef =>
  ref !== undefined && (ref.digest === digest || ref.ref === `artifact:${digest}`);

const owner = (
  ref: ArtifactRef,
  where: { project: string; env: string } | undefined,
  gate: JobStatus | undefined,
): ArtifactOwner => ({
  where: where === undefined ? undefined : { project: where.project, env: where.env },
  gate: gate === 'PASS' ? undefined : gate,
  mediaType: ref.mediaType,
  name: ref.name,
  size: ref.size ?? ref.size_bytes,
});
