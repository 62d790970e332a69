import { z } from 'zod';

/** Structured tokens of a by-ref address, e.g. `fingerprint={manifest_fingerprint}/run_id=…`. */
export const AddressingTokenSet = z.object({
  manifest_fingerprint: z.string().max(128).optional(),
  run_id: z.string().max(128).optional(),
  job_id: z.string().max(128).optional(),
  attempt_id: z.string().max(128).optional(),
  bundle_id: z.string().max(128).optional(),
});
export type AddressingTokenSet = z.infer<typeof AddressingTokenSet>;
