import type { BackupResult, DriverDeps } from './driver.ts';
import type { Shelf } from './shelf.ts';
import { storeCheckpoint, type Checkpoint } from './verify/checkpoint.ts';

export interface Shelving {
  shelf: Shelf;
  /** Of the draft, from `shelf.begin`. */
  id: string;
  driver: string;
  /** When it was taken, ms. */
  at: number;
  /** Rows of each table; undefined when they were not counted. */
  counts: Record<string, number> | undefined;
  /** What a restore must find again: the backup itself, or the manifest in it. */
  file: NonNullable<Checkpoint['file']>;
  server?: string;
  keep: number;
}

/** Stores the checkpoint of a draft that is whole, and puts the two on their shelf: what every backup in a folder ends with. */
export async function shelve(
  deps: Pick<DriverDeps, 'artifacts'>,
  { shelf, id, driver, at, counts, file: { size, sha256 }, server, keep }: Shelving,
): Promise<BackupResult> {
  const checkpoint = await storeCheckpoint(deps, {
    v: 1,
    kind: 'reeve.checkpoint',
    driver,
    at,
    ...(counts === undefined ? {} : { counts }),
    file: { size, sha256 },
    ...(server === undefined ? {} : { server }),
  });
  const path = await shelf.complete(id, checkpoint, keep);
  return {
    outputs: {
      backup_id: id,
      path,
      checkpoint: checkpoint.digest,
      manifest: checkpoint.digest,
      tables: String(Object.keys(counts ?? {}).length),
      cut_ms: String(at),
    },
    artifacts: [checkpoint.ref],
  };
}
