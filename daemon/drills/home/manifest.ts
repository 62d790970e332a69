import { z } from 'zod';
import { KeyId } from '../../../contracts/ids.ts';
import { Millis } from '../../../contracts/json.ts';

export const MANIFEST = 'manifest.json';
export const MANIFEST_TYPE = 'application/vnd.reeve.backup.manifest.v1+json';

/** `<UTC time of the cut>-<records>`: sorts by time. */
export const BackupId = z.string().regex(/^[0-9]{8}T[0-9]{9}Z-[0-9]{1,16}$/, 'a backup id');

const Hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** Path inside the backup: plain names only, so that it can lead nowhere else. */
const InnerPath = z.string().regex(/^(?:[a-z0-9][a-z0-9._-]*\/){0,3}[a-z0-9][a-z0-9._-]*$/);

/** What stands in `manifest.json`, which is written last: a folder without it is no backup. */
export const Manifest = z.strictObject({
  v: z.literal(1),
  kind: z.literal('reeve.home'),
  backup_id: BackupId,
  created: Millis,
  reeve: z.string().max(40),
  /** Name of the log, the first line of its checkpoints. */
  origin: z.string().min(1).max(200),
  /** The signed head that the backup reaches, and the checkpoint itself (C2SP signed note). */
  head: z.strictObject({ size: z.int().min(1), root: Hex64 }),
  checkpoint: z.string().max(8000),
  cut_ms: Millis,
  /** Time of the last record in the backup. */
  last_commit_ms: Millis,
  /** The record that a restored copy is asked for. */
  sentinel: z.strictObject({ uuid: z.uuid(), seq: z.int().min(0) }),
  /** Digest of the live projections right before record `size` was folded. */
  state: z.strictObject({ size: z.int().min(0), digest: z.string().max(100) }),
  public_keys: z.array(
    z.strictObject({
      kid: KeyId,
      purpose: z.enum(['grant', 'checkpoint', 'bot']),
      public_key: z.string().max(64),
      created: Millis,
      retired: Millis.nullable(),
    }),
  ),
  /** Whether the sealed keys can be opened from this backup and a passphrase alone, or need the master key file too. */
  unseal: z.enum(['passphrase', 'master_key_file', 'nothing_sealed']),
  files: z
    .array(z.strictObject({ path: InnerPath, size: z.int().min(0), sha256: Hex64 }))
    .min(1)
    .max(100_000),
});
export type Manifest = z.infer<typeof Manifest>;
export type ManifestFile = Manifest['files'][number];
