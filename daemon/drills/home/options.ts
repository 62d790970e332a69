import { z } from 'zod';
import { Digest } from '../../../contracts/ids.ts';
import { BackupId } from './manifest.ts';

/** A backup takes everything that recovery needs: there is nothing to choose. */
export const BackupOptions = z.strictObject({});

export const RestoreOptions = z.strictObject({
  /** Which backup: its id, or the newest complete one. */
  backup: z.union([z.literal('latest'), BackupId]).default('latest'),
  /** Digest that its manifest must have, from the step that made it. */
  manifest: Digest.optional(),
  /** Folder for the restore, inside the attempt's scratch. Absent: a new one with a random name. */
  target: z.string().min(1).max(400).optional(),
});
export type RestoreOptions = z.infer<typeof RestoreOptions>;
