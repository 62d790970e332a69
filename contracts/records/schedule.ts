import { z } from 'zod';
import { JobId, Slug } from '../ids.ts';
import { ArtifactRef } from '../artifact.ts';

export const scheduleRecords = {
  /** Exactly one per slot: ran (perhaps late) or skipped and why. `slot` is the planned time, ms. */
  'schedule.slot': z.strictObject({
    schedule: Slug,
    slot: z.int().min(0),
    outcome: z.enum(['ran', 'skipped', 'refused']),
    late_ms: z.int().min(0),
    why: z.string().max(500).optional(),
    job_id: JobId.optional(),
  }),
  /** Verdict of one restore drill with its measured figures, ms. Null where it could not be measured. */
  'drill.result': z.strictObject({
    drill: Slug,
    job_id: JobId,
    verdict: z.enum(['PASS', 'FAIL', 'UNKNOWN']),
    rpo_ms: z.int().min(0).nullable(),
    rto_ms: z.int().min(0).nullable(),
    objective_rpo_ms: z.int().min(0).nullable(),
    objective_rto_ms: z.int().min(0).nullable(),
    phases: z.record(Slug, z.int().min(0)),
    evidence: z.array(ArtifactRef).max(20),
    why: z.string().max(1000).optional(),
  }),
} as const;
