import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, opendir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { errno } from '../../durable.ts';
import type { Checkpoint } from './checkpoint.ts';

export type TreeFile = NonNullable<Checkpoint['files']>[number];

const MAX_FILES = 200_000;
const CHUNK = 256 * 1024;

/** Every regular file at or below the paths, sorted. Links are not followed; what vanishes meanwhile is left out. */
export async function filesBelow(paths: readonly string[], signal: AbortSignal): Promise<string[]> {
  const found: string[] = [];
  const visit = async (path: string): Promise<void> => {
    signal.throwIfAborted();
    const entries = await opendir(path);
    for await (const entry of entries) {
      const below = join(path, entry.name);
      if (entry.isDirectory()) await visit(below);
      else if (entry.isFile()) found.push(below);
      if (found.length > MAX_FILES)
        throw fail('BACKUP_FAILED', {
          why: `there are more than ${MAX_FILES} files to keep digests of`,
          job: '',
        });
    }
  };
  for (const path of paths) {
    const stat = await lstat(path);
    if (stat.isDirectory()) await visit(path);
    else if (stat.isFile()) found.push(path);
  }
  return found.sort();
}

/** Size, time and digest of a file; undefined when it is not there, or is no regular file. */
export async function digestFile(
  path: string,
  signal: AbortSignal,
): Promise<Omit<TreeFile, 'path'> | undefined> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errno(error))) return undefined;
      throw error;
    },
  );
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return undefined;
    const hash = createHash('sha256');
    const buffer = Buffer.allocUnsafe(CHUNK);
    let size = 0;
    for (;;) {
      signal.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, CHUNK, size);
      if (bytesRead === 0) break;
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
    return { size, mtime: Math.floor(stat.mtimeMs), sha256: hash.digest('hex') };
  } finally {
    await file.close();
  }
}

export async function digestTree(paths: readonly string[], signal: AbortSignal): Promise<TreeFile[]> {
  const files: TreeFile[] = [];
  for (const path of await filesBelow(paths, signal)) {
    const digest = await digestFile(path, signal);
    if (digest !== undefined) files.push({ path, ...digest });
  }
  return files;
}

/**
 * Every recorded file must be in the copy with its digest. One with another time was written to while the backup ran: so
 * many of these are allowed, and counted.
 *
 * @param root what stands before each recorded path in the copy
 * @returns `checked`: how many have the recorded content; `sound`: paths of those with the recorded time, too; `newest`: the last change, ms
 * @throws RESTORE_MISMATCH
 */
export async function verifyTree(
  recorded: readonly TreeFile[],
  root: string,
  allowed: number,
  signal: AbortSignal,
): Promise<{ sound: string[]; checked: number; changed: number; newest: number }> {
  const sound: string[] = [];
  let checked = 0;
  let changed = 0;
  let newest = 0;
  const mismatch = (why: string): Error => fail('RESTORE_MISMATCH', { why });
  for (const file of recorded) {
    const got = await digestFile(join(root, file.path), signal);
    if (got === undefined) throw mismatch(`${file.path} is missing`);
    newest = Math.max(newest, got.mtime);
    if (got.sha256 === file.sha256 && got.size === file.size) {
      // Damage to one with another time would pass for a change during the backup.
      if (got.mtime === file.mtime) sound.push(file.path);
      checked += 1;
      continue;
    }
    if (got.mtime === file.mtime) {
      const how =
        got.size === file.size
          ? `has the digest ${got.sha256}`
          : `has ${got.size} bytes instead of ${file.size}`;
      throw mismatch(`${file.path} ${how}`);
    }
    changed += 1;
    if (changed > allowed)
      throw mismatch(
        `${file.path} was changed while the backup ran, as were ${changed - 1} others; \`changed: n\` under verify allows some`,
      );
  }
  return { sound, checked, changed, newest };
}
