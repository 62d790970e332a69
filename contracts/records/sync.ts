import { z } from 'zod';
import { JobId, ProjectId, Slug } from '../ids.ts';

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
} as const;
