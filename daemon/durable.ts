import { dirname } from 'node:path';
import type { FileHandle, Fs } from './ports/fs.ts';

/*
 * The only place with the recipes for writes that must last. Expected system calls, in this order:
 *
 *   appendDurably   write(2)… fdatasync(2)
 *   appendSynced    writev(2)… of a file opened with O_DSYNC
 *   createDurably   open(O_CREAT|O_EXCL) write… fdatasync close, fsync(folder)
 *   replaceDurably  unlink(tmp)? open(tmp, O_CREAT|O_EXCL) write… fdatasync close, rename(tmp, path), fsync(folder)
 *   renameDurably   rename, fsync(folder)
 *   removeDurably   unlink, fsync(folder)
 *   settleDurably   open(O_RDWR) pread… pwrite… fdatasync close
 *   makeFolder      lstat(parent)…, mkdir -p, fsync(parent)…
 *
 * After a failed fdatasync or fsync nothing is known about the data (the kernel may have dropped the dirty pages and
 * reports the error once), so none of these retries one: the error goes to the caller.
 */

/** The errno code of a failed system call, or ''. */
export function errno(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** No room: a full disk, a quota, a file-size limit. What was not yet there is not there; nothing else is harmed. */
export const isNoSpace = (error: unknown): boolean => ['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errno(error));

/** Out of file descriptors, of the process or of the machine. */
export const isNoFiles = (error: unknown): boolean => ['EMFILE', 'ENFILE'].includes(errno(error));

/** write(2) until all of `data` is written; not durable yet. */
export async function writeAll(file: FileHandle, data: Uint8Array): Promise<void> {
  let done = await file.write(data);
  while (done < data.byteLength) {
    const wrote = await file.write(data.subarray(done));
    if (wrote <= 0) throw Object.assign(new Error('write(2) wrote nothing'), { code: 'EIO' });
    done += wrote;
  }
}

/** Resolves when `data` is on stable storage at the end of `file` (opened with 'a'). */
export async function appendDurably(file: FileHandle, data: Uint8Array): Promise<void> {
  await writeAll(file, data);
  await file.datasync();
}

/**
 * Resolves when `parts` are on stable storage at the end of `file` (opened with 'wxs'): written and flushed in one call, so
 * that a thread is woken once and nothing is copied together before.
 */
export async function appendSynced(file: FileHandle, parts: readonly Uint8Array[]): Promise<void> {
  let rest = parts;
  for (;;) {
    let wrote = await file.writev(rest);
    let next = 0;
    for (; next < rest.length && wrote >= (rest[next]?.byteLength ?? 0); next++)
      wrote -= rest[next]?.byteLength ?? 0;
    const cut = rest[next];
    if (cut === undefined) return;
    if (next === 0 && wrote <= 0) throw Object.assign(new Error('writev(2) wrote nothing'), { code: 'EIO' });
    rest = [cut.subarray(wrote), ...rest.slice(next + 1)];
  }
}

/**
 * Makes bytes that can be read also durable, by writing the same bytes over themselves: after a failed fsync by an earlier
 * process the page cache may show what never reached the disk, and nothing but writing it again makes it dirty again.
 */
export async function settleDurably(fs: Fs, path: string, from: number, to: number): Promise<void> {
  const file = await fs.open(path, 'r+');
  try {
    const data = Buffer.alloc(to - from);
    let rest = data.subarray(0, await readFully(file, data, from));
    while (rest.byteLength > 0) rest = rest.subarray(await file.write(rest, to - rest.byteLength));
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Creates `path` with `data`; EEXIST when it is there already. */
export async function createDurably(fs: Fs, path: string, data: Uint8Array, mode = 0o600): Promise<void> {
  await writeNew(fs, path, data, mode);
  await fs.syncDir(dirname(path));
}

/**
 * Replaces `path` with `data`: after a crash the file is the old or the new one, whole. One writer at a time per path
 * (the temporary file is `<path>.tmp`).
 */
export async function replaceDurably(fs: Fs, path: string, data: Uint8Array, mode = 0o600): Promise<void> {
  const tmp = `${path}.tmp`;
  try {
    await writeNew(fs, tmp, data, mode);
  } catch (error) {
    if (errno(error) !== 'EEXIST') throw error;
    // Left by a crash.
    await fs.unlink(tmp);
    await writeNew(fs, tmp, data, mode);
  }
  await renameDurably(fs, tmp, path);
}

/** Renames within one folder. */
export async function renameDurably(fs: Fs, from: string, to: string): Promise<void> {
  await fs.rename(from, to);
  await fs.syncDir(dirname(to));
}

/** Removes a name; nothing happens when it is not there. */
export async function removeDurably(fs: Fs, path: string): Promise<void> {
  try {
    await fs.unlink(path);
  } catch (error) {
    if (errno(error) === 'ENOENT') return;
    throw error;
  }
  await fs.syncDir(dirname(path));
}

/** mkdir -p so that every name it made lasts. */
export async function makeFolder(fs: Fs, path: string, mode = 0o700): Promise<void> {
  const parents = [dirname(path)];
  for (let parent = dirname(path); parent !== dirname(parent) && !(await exists(fs, parent));)
    parents.unshift((parent = dirname(parent)));
  await fs.mkdir(path, mode);
  for (const parent of parents) await fs.syncDir(parent);
}

async function exists(fs: Fs, path: string): Promise<boolean> {
  try {
    await fs.lstat(path);
    return true;
  } catch (error) {
    if (errno(error) === 'ENOENT') return false;
    throw error;
  }
}

/** The whole content of a file; `undefined` when there is none. Refuses more than `max` bytes (EFBIG). */
export async function readWhole(fs: Fs, path: string, max = 64 * 1024 * 1024): Promise<Buffer | undefined> {
  let file: FileHandle;
  try {
    file = await fs.open(path, 'r');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const { size } = await file.stat();
    if (size > max)
      throw Object.assign(new Error(`${path} has ${size} bytes, over ${max}`), { code: 'EFBIG' });
    const data = Buffer.alloc(size);
    return data.subarray(0, await readFully(file, data, 0));
  } finally {
    await file.close();
  }
}

/** pread(2) until `into` is full or the file ends; returns the bytes read. */
export async function readFully(
  file: Pick<FileHandle, 'read'>,
  into: Uint8Array,
  position: number,
): Promise<number> {
  let done = 0;
  while (done < into.byteLength) {
    const got = await file.read(into.subarray(done), position + done);
    if (got === 0) break;
    done += got;
  }
  return done;
}

async function writeNew(fs: Fs, path: string, data: Uint8Array, mode: number): Promise<void> {
  const file = await fs.open(path, 'wx', mode);
  try {
    await appendDurably(file, data);
  } finally {
    await file.close();
  }
}
