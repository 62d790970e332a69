import { chmod } from 'node:fs/promises';
import type { Adapter } from 'lowdb';
import { z } from 'zod';
import type { Snapshot, Snapshots } from '../ports/state.ts';

/** Shape of the file. The states are checked by name and version only: they are Reeve's own, and only a cache. */
const SnapshotFile = z.strictObject({
  seq: z.int().min(0),
  root: z.string().regex(/^[0-9a-f]{64}$/),
  states: z.record(z.string(), z.strictObject({ version: z.int(), state: z.unknown() })),
});

/**
 * Snapshots in one lowdb file. lowdb replaces the file atomically but does not fsync, so after a crash it may be the old
 * one, empty or gone: it is never more than a cache of the ledger.
 *
 * @param path Absolute path of the file; its folder exists.
 * @param warn Told, in words, when a snapshot cannot be read.
 */
export function lowdbSnapshots(path: string, warn: (why: string) => void = () => {}): Snapshots {
  let file: Promise<Adapter<unknown>> | undefined;
  const adapter = (): Promise<Adapter<unknown>> =>
    (file ??= import('lowdb/node').then(
      ({ DataFile }) => new DataFile<unknown>(path, { parse: JSON.parse, stringify: JSON.stringify }),
    ));
  return {
    async load() {
      try {
        const data = await (await adapter()).read();
        if (data === null) return undefined;
        const { seq, root, states } = SnapshotFile.parse(data);
        return { seq, root, states: states as Snapshot['states'] };
      } catch (error) {
        warn(`${path}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    },
    async save(snapshot) {
      const { Low } = await import('lowdb');
      await new Low<unknown>(await adapter(), snapshot).write();
      await chmod(path, 0o600);
    },
  };
}
