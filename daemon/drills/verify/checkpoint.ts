import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { Digest, Slug } from '../../../contracts/ids.ts';
import { Millis } from '../../../contracts/json.ts';
import { canonical } from '../../canonical.ts';
import { digestOf } from '../../digest.ts';
import type { ArtifactRef } from '../../../contracts/artifact.ts';
import type { DriverDeps } from '../driver.ts';

export const CHECKPOINT_TYPE = 'application/vnd.reeve.backup.checkpoint.v1+json';
const Hex64 = z.string().regex(/^[0-9a-f]{64}$/);

/** What was true of the live data when the backup was taken: what a restored copy must say again. */
export const Checkpoint = z.strictObject({
  v: z.literal(1),
  kind: z.literal('reeve.checkpoint'),
  driver: Slug,
  /** When it was taken, ms. */
  at: Millis,
  /** Rows of each table. */
  counts: z.record(z.string().max(200), z.int().min(0)).optional(),
  /** Regular files by absolute path, with the time they were changed, ms. */
  files: z
    .array(
      z.strictObject({ path: z.string().max(4096), size: z.int().min(0), mtime: z.int(), sha256: Hex64 }),
    )
    .max(200_000)
    .optional(),
  /** The backup's own file, where it is one. */
  file: z.strictObject({ size: z.int().min(0), sha256: Hex64 }).optional(),
  /** Version of the server that it comes from. */
  server: z.string().max(40).optional(),
});
export type Checkpoint = z.infer<typeof Checkpoint>;

export interface StoredCheckpoint {
  bytes: Buffer;
  /** `sha256:` of the bytes: what names the backup in evidence. */
  digest: string;
  ref: ArtifactRef;
}

export async function storeCheckpoint(
  deps: Pick<DriverDeps, 'artifacts'>,
  checkpoint: Checkpoint,
): Promise<StoredCheckpoint> {
  const bytes = Buffer.from(`${canonical(checkpoint)}\n`);
  const ref = await deps.artifacts.put(bytes, {
    mediaType: CHECKPOINT_TYPE,
    name: `checkpoint-${checkpoint.driver}.json`,
  });
  return { bytes, digest: digestOf(bytes), ref };
}

/** @throws BACKUP_CORRUPT when the bytes are no checkpoint of this driver */
export function parseCheckpoint(bytes: Uint8Array, driver: string, id: string): Checkpoint {
  let cause: unknown;
  try {
    const read = Checkpoint.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
    if (read.driver === driver) return read;
  } catch (error) {
    cause = error;
  }
  throw fail('BACKUP_CORRUPT', { id, why: 'its checkpoint cannot be read' }, { cause });
}

export async function loadCheckpoint(
  deps: Pick<DriverDeps, 'artifacts'>,
  digest: string,
  driver: string,
): Promise<Checkpoint> {
  return parseCheckpoint(await deps.artifacts.get(Digest.parse(digest)), driver, digest);
}
