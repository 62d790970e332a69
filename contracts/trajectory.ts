import { z } from 'zod';
import { AttemptId, Digest, GrantId, JobId, Slug } from './ids.ts';
import { UtcTime } from './json.ts';

/** What a step rests on: the exact place it executed, or the honest flag that there is none. */
export const Grounding = z.union([
  z.object({
    /** `runbooks/x.md:L12` */
    source: z.string().max(400),
    /** The quoted words, cut at 500 characters and redacted. */
    quote: z.string().max(500),
    digest: Digest.optional(),
    job_id: JobId.optional(),
    attempt_id: AttemptId.optional(),
    step: Slug.optional(),
    grant_id: GrantId.optional(),
    ledger_seq: z.int().min(0).optional(),
  }),
  z.object({ assumption: z.literal(true), note: z.string().max(500).optional() }),
]);

/** One line of `grimoires/loa/a2a/trajectory/{agent}-{date}.jsonl`. */
export const TrajectoryLine = z.object({
  timestamp: UtcTime,
  agent: Slug,
  action: z.string().max(200),
  reasoning: z.string().max(1000),
  grounding: Grounding,
});
export type TrajectoryLine = z.infer<typeof TrajectoryLine>;
