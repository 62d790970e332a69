import fs from 'node:fs';
import type { BigIntStats, Stats } from 'node:fs';
import type { FileHandle, FileStat, Fs } from './ports/fs.ts';

const {
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_NOFOLLOW,
  O_NONBLOCK,
  O_RDONLY,
  O_RDWR,
  O_WRONLY,
} = fs.constants;

const FLAGS = {
  a: O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW,
  // A named pipe in the place of a file is not waited for.
  r: O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
  wx: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW,
  wxs: O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_DSYNC,
  'r+': O_RDWR | O_NOFOLLOW,
} as const;

/** Bytes. */
const SMALL_WRITE = 64 * 1024;
const SMALL_READ = 16 * 1024;

/** Turns one callback-style call into a promise. The callback forms are cheaper than fs/promises' FileHandle. */
function call<T>(start: (done: (error: NodeJS.ErrnoException | null, value: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, value) => (error === null ? resolve(value) : reject(error)));
  });
}
const run = (start: (done: (error: NodeJS.ErrnoException | null) => void) => void): Promise<void> =>
  call<void>((done) => start((error) => done(error)));

function toStat(stat: Stats | BigIntStats): FileStat {
  return {
    size: Number(stat.size),
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    isFile: stat.isFile(),
    isDirectory: stat.isDirectory(),
    isSymbolicLink: stat.isSymbolicLink(),
    ino: Number(stat.ino),
    nlink: Number(stat.nlink),
  };
}

class NodeFile implements FileHandle {
  readonly #fd: number;
  readonly #reads: boolean;
  constructor(fd: number, reads: boolean) {
    this.#fd = fd;
    this.#reads = reads;
  }
  async write(data: Uint8Array, position?: number): Promise<number> {
    // Copying a little into the page cache takes less time than handing it to a thread.
    if (data.byteLength <= SMALL_WRITE)
      return fs.writeSync(this.#fd, data, 0, data.byteLength, position ?? null);
    return call((done) => fs.write(this.#fd, data, 0, data.byteLength, position ?? null, done));
  }
  writev(parts: readonly Uint8Array[]): Promise<number> {
    return call((done) => fs.writev(this.#fd, parts, (error, bytes) => done(error, bytes)));
  }
  async read(into: Uint8Array, position: number): Promise<number> {
    // As with a little to write.
    if (into.byteLength <= SMALL_READ) return fs.readSync(this.#fd, into, 0, into.byteLength, position);
    return call((done) => fs.read(this.#fd, into, 0, into.byteLength, position, done));
  }
  datasync(): Promise<void> {
    return run((done) => fs.fdatasync(this.#fd, done));
  }
  truncate(size: number): Promise<void> {
    return run((done) => fs.ftruncate(this.#fd, size, done));
  }
  async stat(): Promise<FileStat> {
    return toStat(fs.fstatSync(this.#fd));
  }
  async close(): Promise<void> {
    // Closing what was written may have to wait for a disk, on some file systems.
    if (!this.#reads) return run((done) => fs.close(this.#fd, done));
    fs.closeSync(this.#fd);
  }
}

/** The Fs port on the machine's own file system. */
export const nodeFs: Fs = {
  async open(path, flags, mode = 0o600) {
    // Looking a name up makes nothing: as with lstat below, the way to a thread and back would be most of it.
    if (flags === 'r') return new NodeFile(fs.openSync(path, FLAGS.r), true);
    return new NodeFile(await call<number>((done) => fs.open(path, FLAGS[flags], mode, done)), false);
  },
  readdir: (path) => call<string[]>((done) => fs.readdir(path, done)),
  mkdir: (path, mode) => run((done) => fs.mkdir(path, { recursive: true, mode }, done)),
  rename: (from, to) => run((done) => fs.rename(from, to, done)),
  unlink: (path) => run((done) => fs.unlink(path, done)),
  // A look-up in the kernel's cache costs a fiftieth of the way to a thread and back.
  lstat: async (path) => toStat(fs.lstatSync(path)),
  async syncDir(path) {
    const fd = fs.openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    try {
      await run((done) => fs.fsync(fd, done));
    } finally {
      fs.closeSync(fd);
    }
  },
};
