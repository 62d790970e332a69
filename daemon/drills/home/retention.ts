import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../digest.ts';
import { errno, readWhole, removeDurably } from '../../durable.ts';
import type { DriverDeps } from '../driver.ts';
import { lastProven } from '../keep.ts';
import { BackupId, MANIFEST } from './manifest.ts';

const KEEP = 7;

/** Folders with the name of a backup, oldest first, and whether their manifest is there. */
export async function listBackups(
  deps: Pick<DriverDeps, 'fs'>,
  root: string,
): Promise<{ id: string; complete: boolean }[]> {
  let names: string[];
  try {
    names = await deps.fs.readdir(root);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
  const backups: { id: string; complete: boolean }[] = [];
  for (const id of names.filter((name) => BackupId.safeParse(name).success).sort()) {
    if (!(await deps.fs.lstat(join(root, id))).isDirectory) continue;
    const manifest = await deps.fs.lstat(join(root, id, MANIFEST)).catch((error: unknown) => {
      if (errno(error) === 'ENOENT') return undefined;
      throw error;
    });
    backups.push({ id, complete: manifest?.isFile === true });
  }
  return backups;
}

/** Removes a backup. Its manifest goes first, so that what a crash leaves is not taken for one. */
export async function removeBackup(deps: Pick<DriverDeps, 'fs'>, dir: string): Promise<void> {
  await removeDurably(deps.fs, join(dir, MANIFEST)).catch((error: unknown) => {
    if (errno(error) !== 'ENOENT') throw error;
  });
  await rm(dir, { recursive: true, force: true });
}

/** Removes what backups left that were cut off in the middle. Only one backup runs at a time, so none of them is at work. */
export async function clearLeftovers(deps: DriverDeps, root: string): Promise<void> {
  for (const { id, complete } of await listBackups(deps, root)) {
    if (complete) continue;
    await removeBackup(deps, join(root, id));
    deps.note('removed an unfinished backup', { backup: id });
  }
}

/** Removes all but the newest complete backups; never `current`, nor the newest that a drill has proven. */
export async function retain(deps: DriverDeps, root: string, current: string): Promise<void> {
  const keep = Math.max(1, deps.keep ?? KEEP);
  const complete = (await listBackups(deps, root)).filter((b) => b.complete && b.id !== current);
  const surplus = complete.slice(0, Math.max(0, complete.length - (keep - 1)));
  const digests = new Map<string, string>();
  for (const id of surplus.length === 0 ? [] : [...complete.map((b) => b.id), current]) {
    const manifest = await readWhole(deps.fs, join(root, id, MANIFEST));
    if (manifest !== undefined) digests.set(id, digestOf(manifest));
  }
  const proven = lastProven([...digests.keys()].toReversed(), (id) => digests.get(id), deps.proven());
  for (const { id } of surplus.filter((b) => b.id !== proven)) {
    await removeBackup(deps, join(root, id));
    deps.note('removed an old backup', { backup: id, keep });
  }
}
