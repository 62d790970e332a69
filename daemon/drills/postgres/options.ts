import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { Digest, Slug } from '../../../contracts/ids.ts';
import { PathOption, Whole } from '../options.ts';
import { DataVerification, TableName } from '../verify/data.ts';

const common = {
  /** `dump`: pg_dump and pg_restore. `base`: the server's files and its WAL, in a private server. */
  method: z.enum(['dump', 'base']).default('dump'),
  /** Folder of the PostgreSQL programs, when they are not on the usual path. */
  bin: PathOption.optional(),
  /** Of each question; what the programs do is limited by the step's timeout. */
  statement_timeout: Duration.default(300_000),
};

export const BackupOptions = z.strictObject({
  ...common,
  /** Name of the secret with the URL of the live database. */
  database: Slug,
  /** Folder of the backups. */
  to: PathOption,
  /** How many backups are kept. */
  keep: Whole(1, 10_000).default(7),
  /** `base`: folder of the archived WAL, from which what no kept backup needs is removed. Absent: nothing is. */
  wal: PathOption.optional(),
  /** Tables whose rows are counted, in the very snapshot that is dumped. */
  counts: z.union([z.enum(['all', 'none']), z.array(TableName).min(1).max(500)]).default('all'),
});
export type BackupOptions = z.infer<typeof BackupOptions>;

/** Begins with a letter and ends with `_`, so that no name with it is one that people give. */
const Prefix = z
  .string()
  .regex(/^[a-z][a-z0-9_]{2,30}_$/, 'lower case, at least four characters, the last one _');

export const RestoreOptions = z.strictObject({
  ...common,
  /** Folder of the backups. */
  from: PathOption,
  backup: z.string().max(60).default('latest'),
  /** Digest that the checkpoint of the backup must have, from the step that made it. */
  checkpoint: Digest.optional(),
  /** Secret with the URL of the live database: never restored into, whatever the other options say. */
  live: Slug,
  /** `dump`: secret with a URL on the server where the scratch database is made. Absent: the live one's server. */
  server: Slug.optional(),
  prefix: Prefix.default('reeve_drill_'),
  /** `dump`: name of the scratch database; begins with the prefix. Absent: the prefix and a random end. */
  target: z.string().min(1).max(63).optional(),
  /** `base`: folder of the archived WAL, which is replayed after the backup. */
  wal: PathOption.optional(),
  /** `base`: replay ends at this time (RFC 3339). Absent: at the end of the WAL. */
  until: z.iso.datetime({ offset: true }).optional(),
  sentinel: Slug.optional(),
  verify: DataVerification.prefault({}),
});
export type RestoreOptions = z.infer<typeof RestoreOptions>;
