import { z } from 'zod';
import { DeliveryId, JobId, PersonId, Slug } from '../ids.ts';

export const ruleRecords = {
  /** A rule matched a delivery: what comes of it. `run` is written before the job is asked for. */
  'rule.decided': z.strictObject({
    rule: Slug,
    delivery: DeliveryId,
    decision: z.enum(['run', 'not_allowed', 'loop', 'stopped', 'unusable']),
    why: z.string().max(500),
    /** Jobs that the payload names, or that did what it tells of: what it may have followed from. */
    after: z.array(JobId).max(20).optional(),
  }),
  /** The end of a `run`: its job, or why there is none. */
  'rule.ran': z.strictObject({
    rule: Slug,
    delivery: DeliveryId,
    job: JobId.optional(),
    why: z.string().max(500).optional(),
  }),
  /** It started too much, or followed from itself; nothing starts by it until it is reset. */
  'rule.stopped': z.strictObject({ rule: Slug, delivery: DeliveryId, why: z.string().max(500) }),
  'rule.reset': z.strictObject({ rule: Slug, by: PersonId }),
  /** Every delivery up to this record of the ledger was looked at. */
  'rules.looked': z.strictObject({ upto: z.int().min(0) }),
} as const;
