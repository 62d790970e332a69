import { z } from 'zod';
import { Digest, JobId, ProjectId, Slug } from '../ids.ts';

export const syncRecords = {
  /** A sync job has everything up to its cursor; the next run goes on there. One per run, or per page of a long one. */
  'sync.advanced': z.strictObject({
    sync: Slug,
    /** Absent: of the whole estate. */
    project: ProjectId.optional(),
    job: JobId,
    /** What it means is the sync job's own matter: a day, a page, a digest. */
    cursor: z.string().max(500),
    counts: z.record(Slug, z.int().min(0)),
    /** What people had changed and was left as it is. */
    conflicts: z.array(z.string().max(300)).max(50),
  }),
  /** A schema is mirrored anew: durable before its files are written. */
  'sync.schema': z.strictObject({
    schema: Slug,
    job: JobId,
    /** Of the bytes as they came. */
    digest: Digest,
    /** Null: it is the first one. */
    before: Digest.nullable(),
    /** What the server calls this version. */
    etag: z.string().max(300).optional(),
    /** `+ - ~` and a JSON pointer, as far as they were listed. */
    changes: z.array(z.string().max(300)).max(100),
    more: z.int().min(0),
  }),
} as const;
