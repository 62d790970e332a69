import { z } from 'zod';
import { ConfigVersionBody } from '../config-version.ts';
import { Digest, Slug } from '../ids.ts';

/** A mandate: a schedule, rule or healing entry of reeve.yaml plus the digests of the runbooks it may run. */
export const Mandate = z.strictObject({
  id: z.string().regex(/^[a-z][a-z0-9:_-]{0,120}$/),
  /** Digest over the entry and its runbooks. */
  digest: Digest,
  /** The entry as canonical JSON text and the digest of each runbook: what a diff is made from. */
  entry: z.string().max(20_000),
  runbooks: z.record(Slug, Digest),
});
export type Mandate = z.infer<typeof Mandate>;

export const configRecords = {
  'config.version': ConfigVersionBody.strict(),
  /** A version that was refused; the running one stays. */
  'config.refused': z.strictObject({
    config_name: z.string().max(200),
    digest: Digest,
    problems: z.array(z.string().max(500)).max(50),
  }),
  /** After a refusal, the file is again the version in force. */
  'config.restored': z.strictObject({ config_name: z.string().max(200), digest: Digest }),
  'mandate.accepted': z.strictObject({ mandate: Mandate, by: Slug, first_start: z.boolean() }),
  'mandate.suspended': z.strictObject({
    id: z.string().max(121),
    now: Digest.nullable(),
    accepted: Digest,
    why: z.string().max(500),
  }),
} as const;
