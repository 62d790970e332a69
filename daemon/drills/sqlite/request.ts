import { z } from 'zod';
import { Millis } from '../../../contracts/json.ts';
import { DataVerification } from '../verify/data.ts';

/** What the process that works on a database file is asked. */
export const Request = z.discriminatedUnion('do', [
  /** Copies a live database, and counts the rows of the very same snapshot. */
  z.strictObject({ do: z.literal('backup'), file: z.string(), to: z.string() }),
  /** Verifies a restored one; then, when asked to, deletes a row and demands that the same verification fails. */
  z.strictObject({
    do: z.literal('verify'),
    file: z.string(),
    verify: DataVerification.omit({ service: true }).extend({
      // Durations are milliseconds by now.
      newest: z.array(z.strictObject({ table: z.string(), column: z.string(), within: z.number() })),
    }),
    counts: z.record(z.string(), z.int()).nullable(),
    at: Millis,
    /** Table of the sentinel. */
    sentinel: z.strictObject({ table: z.string(), name: z.string() }).nullable(),
    control: z.boolean(),
  }),
]);
export type Request = z.infer<typeof Request>;

export const Response = z.union([
  z.strictObject({ failed: z.strictObject({ code: z.string(), message: z.string(), why: z.string() }) }),
  z.strictObject({
    counts: z.record(z.string(), z.int()).optional(),
    outputs: z.record(z.string(), z.string()).optional(),
    mark: z.strictObject({ uuid: z.string(), at: z.number() }).nullable().optional(),
    control: z.strictObject({ damage: z.string(), noticed: z.string() }).optional(),
  }),
]);
export type Response = z.infer<typeof Response>;
