import { z } from 'zod';
import { Digest, Slug } from '../../../contracts/ids.ts';
import { PathOption, Whole } from '../options.ts';
import { DataVerification } from '../verify/data.ts';

export const BackupOptions = z.strictObject({
  /** The live database file. */
  file: PathOption,
  /** Folder of the backups. */
  to: PathOption,
  /** How many backups are kept. */
  keep: Whole(1, 10_000).default(7),
});
export type BackupOptions = z.infer<typeof BackupOptions>;

export const RestoreOptions = z.strictObject({
  /** Folder of the backups. */
  from: PathOption,
  /** The live database file, which is never touched. */
  live: PathOption.optional(),
  backup: z.string().max(60).default('latest'),
  /** Digest that the checkpoint of the backup must have, from the step that made it. */
  checkpoint: Digest.optional(),
  sentinel: Slug.optional(),
  /** Folder for the restore, inside the attempt's scratch. Absent: a new one with a random name. */
  target: z.string().min(1).max(400).optional(),
  verify: DataVerification.prefault({}),
});
export type RestoreOptions = z.infer<typeof RestoreOptions>;
