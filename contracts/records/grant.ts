import { z } from 'zod';
import { Via } from '../admin.ts';
import { GrantPayload } from '../grant.ts';
import {
  AttemptId,
  Capability,
  Digest,
  EnvironmentId,
  GrantId,
  JobId,
  KeyId,
  PersonId,
  ProjectId,
  RequestId,
  ReviewId,
  Slug,
} from '../ids.ts';
import { ArtifactRef } from '../artifact.ts';
import { CoSignToken } from '../cosign.ts';
import { JsonObject } from '../json.ts';

const Reason = z.string().max(2000);

export const grantRecords = {
  'key.created': z.strictObject({
    kid: KeyId,
    purpose: z.enum(['grant', 'checkpoint', 'bot']),
    /** Raw Ed25519 public key, base64. */
    public_key: z.string().length(44),
    by: Slug,
  }),
  'key.retired': z.strictObject({ kid: KeyId, by: Slug, reason: Reason }),
  /** Signed and handed out. The token itself is never in the ledger. */
  'grant.issued': z.strictObject({
    grant: GrantPayload,
    how: z.enum(['created', 'confirmed', 'approved', 'mandate', 'child']),
    request: RequestId.optional(),
  }),
  /** Durable before the act it allows. `n` counts from 1. */
  'grant.used': z.strictObject({
    gid: GrantId,
    n: z.int().min(1),
    by: z.string().max(130),
    cap: Capability,
    project: ProjectId,
    plan: Digest,
    job: JobId.optional(),
  }),
  'grant.revoked': z.strictObject({
    /** Exactly one of these names what is revoked. */
    gid: GrantId.optional(),
    kid: KeyId.optional(),
    sub: z.string().max(130).optional(),
    by: Slug,
    reason: Reason,
  }),
  /** A request for a grant over one exact plan; waits for approvals. */
  'grant.requested': z.strictObject({
    id: RequestId,
    by: PersonId,
    /** How and from which account it was asked: what its job is recorded with. Older records do not say. */
    via: Via.optional(),
    account: z.string().max(200).optional(),
    cap: Capability,
    project: ProjectId,
    env: EnvironmentId,
    /** The whole scope, where runbooks are called that need more than `cap` on `project`. */
    also: z
      .strictObject({ prj: z.array(ProjectId).min(1).max(64), cap: z.array(Capability).min(1).max(128) })
      .optional(),
    plan: Digest,
    plan_ref: ArtifactRef,
    /** What to run once approved: command name and its arguments. */
    command: z.string().max(200),
    args: JsonObject,
    needs: z.int().min(0).max(16),
    approvers: z.array(PersonId).max(100),
    break_glass: z.boolean(),
    uses: z.int().min(1).max(1000),
    lifetime_ms: z.int().min(1),
    reason: Reason,
    expires: z.int().min(0),
    /** Approvals count only with the approver's own signature. */
    cosign: z.literal(true).optional(),
    /** The grant is kept for its person's next fitting command instead of running at once. */
    keep: z.literal(true).optional(),
  }),
  'grant.approved': z.strictObject({
    id: RequestId,
    by: PersonId,
    plan: Digest,
    account: z.string().max(200).optional(),
    /** The approver's own signature over it (contracts/cosign.ts), so that anyone can verify it later. */
    cosign: CoSignToken.optional(),
  }),
  'grant.denied': z.strictObject({
    id: RequestId,
    by: PersonId,
    reason: Reason,
    cosign: CoSignToken.optional(),
  }),
  /** Its time was over before its approvals were in. */
  'grant.expired': z.strictObject({ id: RequestId }),
  /** Fully approved, but its job was not started: why not. It starts no more; what is wanted is asked for anew. */
  'grant.lapsed': z.strictObject({
    id: RequestId,
    /** Of the error that kept it from starting. */
    code: z.string().max(64),
    why: z.string().max(1000),
  }),
  /** A break-glass use opened this task; it stays open until a person closes it. */
  'review.opened': z.strictObject({
    id: ReviewId,
    gid: GrantId,
    job: JobId.optional(),
    attempt: AttemptId.optional(),
    skipped: z.array(PersonId).max(100),
    reason: Reason,
  }),
  /** Nobody has closed it yet; `n` counts from 1. */
  'review.reminded': z.strictObject({ id: ReviewId, n: z.int().min(1) }),
  'review.closed': z.strictObject({ id: ReviewId, by: PersonId, verdict: Reason }),
  /** From now on this key co-signs for this person. Its private half is on the person's own machine alone. */
  'person.key_enrolled': z.strictObject({
    person: PersonId,
    kid: KeyId,
    /** Raw Ed25519 public key, base64. */
    public_key: z.string().length(44),
    by: PersonId,
    reason: Reason,
  }),
  'person.key_revoked': z.strictObject({ kid: KeyId, by: PersonId, reason: Reason }),
} as const;
