import { isAbsolute, join, normalize } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { RunbookId } from '../../contracts/ids.ts';
import { errno, readWhole } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import { oneLine } from '../text.ts';

/** Size of one runbook. */
export const MAX_BYTES = 1024 * 1024;

/** Where runbooks lie: `path` below the estate's `root`. */
export interface Folder {
  root: string;
  path: string;
}

/** The path people and records see. */
export const sourceName = (folder: Folder, id: string): string => join(normalize(folder.path), `${id}.md`);

/**
 * The bytes of one runbook, read once; undefined when there is none. The name must be a plain id, and no part of the path
 * below the estate may be a symbolic link. Rejects RUNBOOK_PATH_REFUSED, RUNBOOK_INVALID for a file too large.
 */
export async function readRunbookFile(fs: Fs, folder: Folder, id: string): Promise<Buffer | undefined> {
  if (!RunbookId.safeParse(id).success) throw refused(id);
  if (!(await isRealFolder(fs, folder))) return undefined;
  const path = join(folder.root, folder.path, `${id}.md`);
  try {
    const stat = await fs.lstat(path);
    // Also what would hold the reader up: a named pipe, a device.
    if (!stat.isFile) throw refused(id);
    return await readWhole(fs, path, MAX_BYTES);
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    if (errno(error) === 'ELOOP') throw refused(id);
    if (errno(error) !== 'EFBIG') throw error;
    const file = sourceName(folder, id);
    const why = `${file}:1: it has more than ${MAX_BYTES} bytes`;
    throw fail('RUNBOOK_INVALID', { file, count: 1, why }, { at: `${file}:1`, more: [why] });
  }
}

/** Ids of the files in the folder, sorted, and names that look like runbooks but cannot be one. */
export async function runbookFiles(fs: Fs, folder: Folder): Promise<{ ids: string[]; odd: string[] }> {
  if (!(await isRealFolder(fs, folder))) return { ids: [], odd: [] };
  const names = (await fs.readdir(join(folder.root, folder.path))).filter((name) => name.endsWith('.md'));
  const valid = (name: string): boolean => RunbookId.safeParse(name.slice(0, -3)).success;
  return {
    ids: names
      .filter(valid)
      .map((name) => name.slice(0, -3))
      .sort(),
    odd: names.filter((name) => !valid(name) && name !== 'README.md').sort(),
  };
}

/** False when it is not there. Rejects RUNBOOK_PATH_REFUSED for a symbolic link on the way, or a way out of the estate. */
async function isRealFolder(fs: Fs, { root, path }: Folder): Promise<boolean> {
  const parts = normalize(path).split('/');
  if (isAbsolute(path) || parts.includes('..') || path.includes('\0')) throw refused(path);
  let here = root;
  for (const part of parts) {
    if (part === '.' || part === '') continue;
    here = join(here, part);
    try {
      if (!(await fs.lstat(here)).isDirectory) throw refused(path);
    } catch (error) {
      if (errno(error) === 'ENOENT') return false;
      throw error;
    }
  }
  return true;
}

const refused = (name: string) => fail('RUNBOOK_PATH_REFUSED', { name: JSON.stringify(oneLine(name, 100)) });

/** Every file of the folder that can be read: id → bytes. Parses nothing. */
export async function runbookBytes(fs: Fs, folder: Folder): Promise<Map<string, Uint8Array>> {
  const { ids } = await runbookFiles(fs, folder);
  const files = new Map<string, Uint8Array>();
  for (const id of ids) {
    const bytes = await readRunbookFile(fs, folder, id);
    if (bytes !== undefined) files.set(id, bytes);
  }
  return files;
}
