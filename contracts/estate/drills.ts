import { z } from 'zod';
import { Duration } from '../duration.ts';
import { Slug } from '../ids.ts';

const common = {
  /** How often it is written; what a drill measures is never finer than this. */
  every: Duration.default(60_000),
};
/** A name that needs no quotes in SQL, perhaps with its schema. */
const Table = z
  .string()
  .regex(/^[a-z_][a-z0-9_]{0,62}(?:\.[a-z_][a-z0-9_]{0,62})?$/, 'a table name in lower case')
  .default('reeve_sentinel');

/**
 * A mark that the daemon writes into live data again and again: `{uuid, at}`. The newest one that a restored copy holds
 * tells how much was lost. The marks themselves hold nothing secret.
 */
export const SentinelSpec = z.discriminatedUnion('kind', [
  /** A file `.reeve-sentinel-<name>` in a folder; a relative one is below reeve.yaml. */
  z.strictObject({ kind: z.literal('files'), folder: z.string().min(1).max(400), ...common }),
  /** A row in a table of its own, which is made when it is not there. `secret`: holds the URL of the database. */
  z.strictObject({ kind: z.literal('postgres'), secret: Slug, table: Table, ...common }),
  /** The same in a SQLite file, which must be there. */
  z.strictObject({ kind: z.literal('sqlite'), file: z.string().min(1).max(400), table: Table, ...common }),
]);
export type SentinelSpec = z.infer<typeof SentinelSpec>;
