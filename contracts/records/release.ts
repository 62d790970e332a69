import { z } from 'zod';
import { JobId, ProjectId } from '../ids.ts';

export const releaseRecords = {
  /** A release is tagged. */
  'release.cut': z.strictObject({
    project: ProjectId,
    /** SemVer, without the v. */
    version: z.string().max(100),
    tag: z.string().max(120),
    /** The commit that is tagged. */
    commit: z.string().regex(/^[0-9a-f]{40,64}$/),
    job: JobId,
  }),
} as const;
