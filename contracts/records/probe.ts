import { z } from 'zod';
import { Slug } from '../ids.ts';
import { ProbeState } from '../watch.ts';

export const probeRecords = {
  /**
   * A probe's damped state changed. Single samples are not in the ledger. `to` is `pending` when it was removed, disabled
   * or became another kind. `from` and `to` are equal when a state lost its excuse: still down although the maintenance
   * is over, or although the dependency that explained it is up again.
   */
  'probe.transition': z.strictObject({
    probe: Slug,
    kind: Slug,
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
