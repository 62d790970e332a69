import { z } from 'zod';
import { JobId, ProjectId } from '../ids.ts';

const Commit = z.string().regex(/^[0-9a-f]{40,64}$/);
const release = {
  project: ProjectId,
  /** SemVer, without the v. */
  version: z.string().max(100),
  job: JobId,
};

/** What follows on the tag, in this order. */
export const ReleaseStage = z.enum(['push', 'publish', 'announce']);
export type ReleaseStage = z.infer<typeof ReleaseStage>;

export const releaseRecords = {
  /** A release is tagged. */
  'release.cut': z.strictObject({
    ...release,
    tag: z.string().max(120),
    /** The commit that is tagged. */
    commit: Commit,
    branch: z.string().max(200).optional(),
    /** What is still to be done of it. Absent: nothing. */
    stages: z.array(ReleaseStage).max(3).optional(),
  }),
  /** Its commit and its tag are about to be pushed. Durable before the remote hears of them. */
  'release.pushing': z.strictObject({
    ...release,
    commit: Commit,
    remote: z.string().max(400),
    branch: z.string().max(200),
  }),
  /** Both stand at the remote. */
  'release.pushed': z.strictObject({
    ...release,
    commit: Commit,
    remote: z.string().max(400),
    branch: z.string().max(200),
  }),
  /** People are about to be told. What is queued of this job under this title is the message. */
  'release.announcing': z.strictObject({ ...release, title: z.string().max(200) }),
  'release.announced': z.strictObject({ ...release, sent: z.array(z.string().max(100)).max(20) }),
} as const;
