import { z } from 'zod';
import { Slug } from '../../../contracts/ids.ts';
import { Duration } from '../../../contracts/duration.ts';
import { KEEP, KeepPolicy } from '../keep.ts';
import { Flag, PathOption, Whole } from '../options.ts';
import { ServiceOptions } from '../verify/service.ts';

/** Variables through which restic's backends get their credentials and places. Nothing else can be set. */
const BACKEND_VARIABLE =
  /^(?:AWS|B2|AZURE|GOOGLE|OS|ST)_[A-Z0-9_]{1,60}$|^RESTIC_REST_(?:USERNAME|PASSWORD)$|^RCLONE_CONFIG(?:_[A-Z0-9_]{1,60})?$/;

const Name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,99}$/, 'letters, digits and . _ : @ -');

const common = {
  /** A local path, a backend such as `s3:https://…` without credentials, or the secret that holds either. */
  repository: z.union([
    z
      .string()
      .min(1)
      .max(1000)
      .refine((text) => !text.startsWith('-'), 'a repository does not begin with -')
      .refine(
        (text) => !/:\/\/[^/]*@/.test(text),
        'credentials do not stand here: put the whole into a secret',
      ),
    z.strictObject({ secret: Slug }),
  ]),
  /** Name of the secret with the repository's password. */
  password: Slug,
  /** Variable of a backend → name of the secret with its value. */
  environment: z
    .record(z.string().regex(BACKEND_VARIABLE, 'no variable of a restic backend'), Slug)
    .default({}),
  host: Name.default('reeve'),
  tags: z.array(Name).max(20).default([]),
  /** Folder of the restic program, when it is not on the usual path. */
  bin: PathOption.optional(),
};

export const BackupOptions = z.strictObject({
  ...common,
  /** Files and folders to back up; relative ones are below the estate's root. */
  paths: z.array(PathOption).min(1).max(100),
  exclude: z.array(z.string().min(1).max(400)).max(100).default([]),
  /** Makes the repository when there is none. */
  init: Flag.default(false),
  /** Which snapshots are kept; the newest that a drill has proven is, too. `all`: nothing is ever forgotten. */
  keep: z.union([z.literal('all'), KeepPolicy]).default(KEEP),
});
export type BackupOptions = z.infer<typeof BackupOptions>;

export const RestoreOptions = z.strictObject({
  ...common,
  snapshot: z
    .union([z.literal('latest'), z.string().regex(/^[0-9a-f]{8,64}$/, 'latest or a snapshot id')])
    .default('latest'),
  /** Only snapshots of exactly these paths count for `latest`. */
  paths: z.array(PathOption).max(100).default([]),
  /** Digest of the checkpoint that the snapshot must have, from the step that made it. */
  checkpoint: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'a sha256: digest')
    .optional(),
  /** `metadata`: restic checks the repository's structure, `data`: reads all of it, too. */
  check: z.enum(['none', 'metadata', 'data']).default('none'),
  sentinel: Slug.optional(),
  /** Folder for the restore, inside the attempt's scratch. Absent: a new one with a random name. */
  target: z.string().min(1).max(400).optional(),
  verify: z
    .strictObject({
      /** Every file has the digest that was recorded at the backup. */
      digests: Flag.default(true),
      /** So many files may have been written to while the backup ran. */
      changed: Whole(0, 100_000).default(0),
      /** The newest file was changed within this time before the disaster. */
      newest: z.strictObject({ within: Duration }).optional(),
      service: ServiceOptions.optional(),
    })
    .prefault({}),
});
export type RestoreOptions = z.infer<typeof RestoreOptions>;
export type RepositoryOptions = Pick<
  BackupOptions,
  'repository' | 'password' | 'environment' | 'host' | 'tags' | 'bin'
>;
