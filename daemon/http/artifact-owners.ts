import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Jobs, JobView } from '../ports/jobs.ts';
import type { Ledger } from '../ports/ledger.ts';

/** Where an artifact came from: what decides who may download it. */
export interface ArtifactOwner {
  /** Undefined: it belongs to the estate (a version of its configuration). */
  where: { project: string; env: string } | undefined;
  /** What a role must allow there. */
  verb: 'read' | 'administer';
  mediaType: string | undefined;
  name: string | undefined;
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
  const { attempts, spec } = job;
  const refs = [spec.plan, ...attempts.flatMap(({ log, artifacts = [] }) => [log, ...artifacts])];
  return refs.filter((ref) => has(ref, digest)).map((ref) => owner(ref, spec));
}

interface Where {
  project: string;
  env: string;
}

async function searchLedger(digest: string, ledger: Pick<Ledger, 'read'>): Promise<ArtifactOwner[]> {
  const found: ArtifactOwner[] = [];
  const places = new Map<string, Where>();
  for await (const record of ledger.read(0)) {
    if (record.type === 'job.queued') places.set(record.body.job.job_id, record.body.job);
    for (const { ref, of } of refsOf(record)) {
      if (!has(ref, digest)) continue;
      if (of === undefined) found.push(owner(ref, undefined, verbOf(record)));
      else {
        const where = typeof of === 'string' ? places.get(of) : of;
        if (where !== undefined) found.push(owner(ref, where));
      }
    }
  }
  return found;
}

interface Mention {
  ref: ArtifactRef | undefined;
  /** A job id, a place, or nothing: the estate as a whole. */
  of: Where | string | undefined;
}

function refsOf({ type, body }: LedgerRecord): Mention[] {
  switch (type) {
    case 'job.queued':
      return [{ ref: body.job.plan, of: body.job.job_id }];
    case 'job.attempt':
      return [body.log, ...(body.artifacts ?? [])].map((ref) => ({ ref, of: body.attempt.job_id }));
    case 'job.step.finished':
      return (body.artifacts ?? []).map((ref) => ({ ref, of: body.job_id }));
    case 'drill.result':
      return body.evidence.map((ref) => ({ ref, of: body.job_id }));
    case 'grant.requested':
      return [{ ref: body.plan_ref, of: { project: body.project, env: body.env } }];
    case 'config.version':
      return [{ ref: body.artifact, of: undefined }];
    default:
      return [];
  }
}

const has = (ref: ArtifactRef | undefined, digest: string): ref is ArtifactRef =>
  ref !== undefined && (ref.digest === digest || ref.ref === `artifact:${digest}`);

/** reeve.yaml holds `redact:`, the words that are shown nowhere. */
const verbOf = ({ type, body }: LedgerRecord): ArtifactOwner['verb'] =>
  type === 'config.version' && body.config_name === 'reeve.yaml' ? 'administer' : 'read';

const owner = (
  ref: ArtifactRef,
  where: Where | undefined,
  verb: ArtifactOwner['verb'] = 'read',
): ArtifactOwner => ({
  verb,
  where: where === undefined ? undefined : { project: where.project, env: where.env },
  mediaType: ref.mediaType,
  name: ref.name,
});
