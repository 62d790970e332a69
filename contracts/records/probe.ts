import { z } from 'zod';
import { Slug } from '../ids.ts';
import { ProbeState } from '../watch.ts';

export const probeRecords = {
  /** A probe's damped state changed. Single samples are not in the ledger. */
  'probe.transition': z.strictObject({
    probe: Slug,
    from: ProbeState,
    to: ProbeState,
    /** When the first sample of the run that led here was taken, ms. */
    since: z.int().min(0),
    why: z.string().max(500),
    /** The dependency whose failure explains it: no incident of its own. */
    cause: Slug.optional(),
    /** Name of the maintenance window it happened in. */
    maintenance: Slug.optional(),
  }),
} as const;
