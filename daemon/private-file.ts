import { fail } from '../contracts/errors.ts';
import { errno, readWhole } from './durable.ts';
import type { FileStat, Fs } from './ports/fs.ts';

/**
 * Reads a file that only this user may touch; `undefined` when there is none. Throws `HOME_INSECURE` for a symbolic
 * link, another owner, or any permission for group or others.
 */
export async function readPrivate(fs: Fs, path: string, max = 4 * 1024 * 1024): Promise<Buffer | undefined> {
  const stat = await lstatOrNone(fs, path);
  if (stat === undefined) return undefined;
  if (!stat.isFile) throw fail('HOME_INSECURE', { path, why: 'it is not a plain file' });
  checkOwner(path, stat);
  return readWhole(fs, path, max);
}

/** Demands a folder of this user with no permission for anyone else. Throws `HOME_INSECURE`; false when it is not there. */
export async function checkPrivateFolder(fs: Fs, path: string): Promise<boolean> {
  const stat = await lstatOrNone(fs, path);
  if (stat === undefined) return false;
  if (!stat.isDirectory) throw fail('HOME_INSECURE', { path, why: 'it is not a folder' });
  checkOwner(path, stat);
  return true;
}

function checkOwner(path: string, stat: FileStat): void {
  const uid = process.getuid?.();
  if (uid !== undefined && stat.uid !== uid) {
    throw fail('HOME_INSECURE', { path, why: `it belongs to user ${stat.uid}` });
  }
  if ((stat.mode & 0o077) !== 0) {
    throw fail('HOME_INSECURE', {
      path,
      why: `others may touch it (mode ${(stat.mode & 0o777).toString(8)})`,
    });
  }
}

async function lstatOrNone(fs: Fs, path: string): Promise<FileStat | undefined> {
  try {
    return await fs.lstat(path);
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
}
