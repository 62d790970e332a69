import { z } from 'zod';
import { ArtifactRef } from '../artifact.ts';
import { DeliveryId, JobId, PersonId, ProjectId, RequestId } from '../ids.ts';
import { JsonObject } from '../json.ts';

/** The number stays when it is renamed. */
const Repository = z.strictObject({ id: z.int().min(1), full_name: z.string().min(3).max(150) });

export const githubRecords = {
  /** A person asked for something in a comment on a pull request. Durable before anything is tried. */
  'github.asked': z.strictObject({
    delivery: DeliveryId,
    repository: Repository,
    pull: z.int().min(1),
    comment: z.int().min(1),
    person: PersonId,
    /** GitHub's number of the account. */
    account: z.int().min(1),
    project: ProjectId,
    command: z.string().max(200),
    args: JsonObject,
    reason: z.string().max(2000).optional(),
    /** The pull request's commit at that moment: whatever is pushed later, it is about this one. */
    head: z
      .string()
      .regex(/^[0-9a-f]{40,64}$/)
      .optional(),
    /** It confirms what this delivery asked for. */
    of: DeliveryId.optional(),
  }),
  /** What came of it at the door. */
  'github.answered': z.strictObject({
    delivery: DeliveryId,
    outcome: z.enum(['refused', 'confirm', 'waits', 'started', 'done']),
    title: z.string().max(300),
    /** What is shown of it, as Markdown. */
    said: ArtifactRef.optional(),
    /** Of the plan that is to be confirmed. */
    digest: z.string().max(80).optional(),
    /** To be typed with it. */
    typed: z.string().max(200).optional(),
    job: JobId.optional(),
    request: RequestId.optional(),
  }),
  /** A job that a repository is told about: where, and of which commit. */
  'github.deploying': z.strictObject({
    job: JobId,
    repository: z.string().max(150),
    environment: z.string().max(64),
    task: z.string().max(64),
    /** Commit, branch or tag. Absent: the head of `pull`, or else of the default branch. */
    ref: z.string().max(200).optional(),
    pull: z.int().min(1).optional(),
  }),
  /** A release that a repository is to have, under a tag that is pushed. Durable before GitHub hears of it. */
  'github.releasing': z.strictObject({
    release: z.string().regex(/^rel_[0-9a-f]{24}$/),
    job: JobId,
    project: ProjectId,
    repository: z.string().max(150),
    tag: z.string().max(120),
    /** What the tag's reference names there: the tag's own object. */
    object: z.string().regex(/^[0-9a-f]{40,64}$/),
    prerelease: z.boolean(),
    /** Markdown. */
    notes: ArtifactRef,
  }),
  /** Something stands on GitHub now; `id` is GitHub's. */
  'github.wrote': z.strictObject({
    of: z.string().max(80),
    what: z.string().max(40),
    /** Digest or state of what was written. */
    as: z.string().max(80),
    id: z.int().min(0).optional(),
    /** The commit that GitHub found. */
    sha: z.string().max(64).optional(),
    /** Where people see it. */
    url: z.string().max(500).optional(),
  }),
  /** It will not stand there: GitHub does not have, or does not allow, what it was to stand at. */
  'github.given_up': z.strictObject({
    of: z.string().max(80),
    what: z.string().max(40),
    why: z.string().max(500),
  }),
  /** Every record before this one was looked at. */
  'github.looked': z.strictObject({ upto: z.int().min(0) }),
} as const;
