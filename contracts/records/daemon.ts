import { z } from 'zod';
import { Digest, Slug } from '../ids.ts';

export const daemonRecords = {
  'daemon.started': z.strictObject({
    reeve: z.string().max(40),
    node: z.string().max(40),
    pid: z.int().min(1),
    config_version: Digest,
    /** Time of the last record of the process before, ms; this start may have written others already. */
    absent_since: z.int().min(0).optional(),
  }),
  'daemon.stopped': z.strictObject({ why: z.string().max(200), uptime_ms: z.int().min(0) }),
  /** Wall clock and monotonic clock disagree: suspended or set. */
  'daemon.clock_jumped': z.strictObject({ by_ms: z.int(), seen: z.enum(['forward', 'back', 'suspended']) }),
  /** Zone integrity drift seen before an operation. */
  'zone.drift': z.strictObject({
    mode: z.enum(['strict', 'warn']),
    files: z.array(z.string().max(400)).max(100),
  }),
  'zone.accepted': z.strictObject({ digest: Digest, by: Slug, files: z.int().min(0) }),
} as const;
