import { dirname } from 'node:path';
import type { FileHandle, FileStat, Fs, OpenFlags } from '../../daemon/ports/fs.ts';

/** A small seeded generator (mulberry32): same seed, same crash. */
export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export type Op =
  | 'open'
  | 'write'
  | 'read'
  | 'datasync'
  | 'truncate'
  | 'stat'
  | 'close'
  | 'readdir'
  | 'mkdir'
  | 'rename'
  | 'unlink'
  | 'lstat'
  | 'syncDir';

/** What happens at one operation. `crash` ends the process there; the rest are errors the process sees. */
export type Fault =
  | { at: number; kind: 'crash'; after: boolean }
  | { at: number; kind: 'error'; code: string; ops?: readonly Op[]; until?: number };

/** What of the unsynced data a power cut leaves. Without a power cut (kill -9) all of it. */
export type Loss = 'none' | 'drop' | 'tear' | 'hole';

interface Inode {
  ino: number;
  kind: 'file' | 'folder';
  mode: number;
  data: Buffer;
  /** What is on the platter. */
  synced: Buffer;
  /** Bytes [from, to) that a failed fsync has dropped: later syncs do not bring them back. */
  lost: [number, number][];
}

interface Disk {
  inodes: Map<number, Inode>;
  names: Map<string, number>;
  durableNames: Map<string, number>;
  nextIno: number;
}

const SECTOR = 512;
const errnoError = (code: string, op: string, path: string): Error =>
  Object.assign(new Error(`${code}: ${op} '${path}'`), { code, path, syscall: op });

/** A file system in memory with a page cache that can be lost. Every call is one numbered operation. */
export class SimFs implements Fs {
  /** Operations so far, with their paths. */
  readonly trace: string[] = [];
  readonly #disk: Disk;
  readonly #faults: readonly Fault[];
  readonly #random: () => number;
  /** Files that may be open at once. */
  maxOpen = Number.POSITIVE_INFINITY;
  #open = 0;
  #crashed = false;
  readonly crashed: Promise<void>;
  #onCrash: () => void = () => {};

  constructor(options: { faults?: readonly Fault[]; seed?: number; disk?: Disk } = {}) {
    this.#faults = options.faults ?? [];
    this.#random = random(options.seed ?? 1);
    this.#disk = options.disk ?? { inodes: new Map(), names: new Map(), durableNames: new Map(), nextIno: 1 };
    if (options.disk === undefined) this.#addFolder('/');
    this.crashed = new Promise((resolve) => (this.#onCrash = resolve));
  }

  get isCrashed(): boolean {
    return this.#crashed;
  }

  /** The machine after a crash, as the next process finds it. */
  reboot(loss: Loss, seed: number, faults: readonly Fault[] = []): SimFs {
    this.#crash();
    const rng = random(seed);
    const names = loss === 'none' ? this.#disk.names : this.#namesLeft(loss, rng);
    const inodes = new Map<number, Inode>();
    for (const ino of new Set(names.values())) {
      const inode = this.#disk.inodes.get(ino);
      if (inode === undefined) continue;
      const data = loss === 'none' ? inode.data : dataLeft(inode, loss, rng);
      inodes.set(ino, { ...inode, data: Buffer.from(data), synced: Buffer.from(data), lost: [] });
    }
    const disk = { inodes, names: new Map(names), durableNames: new Map(names), nextIno: this.#disk.nextIno };
    return new SimFs({ disk, faults, seed });
  }

  // ── for tests: no operation, no fault ──
  peek(path: string): Buffer | undefined {
    const ino = this.#disk.names.get(path);
    return ino === undefined ? undefined : this.#disk.inodes.get(ino)?.data;
  }
  poke(path: string, data: Uint8Array): void {
    const ino = this.#disk.names.get(path) ?? this.#addFile(path, 0o600).ino;
    const inode = this.#disk.inodes.get(ino);
    if (inode === undefined) throw new Error(path);
    inode.data = Buffer.from(data);
    inode.synced = Buffer.from(data);
    this.#disk.durableNames.set(path, ino);
  }
  paths(): string[] {
    return [...this.#disk.names.keys()].filter((path) => this.#inodeAt(path)?.kind === 'file').sort();
  }

  // ── the port ──
  async open(path: string, flags: OpenFlags, mode = 0o600): Promise<FileHandle> {
    return this.#op('open', path, () => {
      if (this.#open >= this.maxOpen) throw errnoError('EMFILE', 'open', path);
      let inode = this.#inodeAt(path);
      if (flags.startsWith('wx') && inode !== undefined) throw errnoError('EEXIST', 'open', path);
      if (inode === undefined && (flags === 'r' || flags === 'r+')) throw errnoError('ENOENT', 'open', path);
      if (inode === undefined) {
        if (this.#inodeAt(dirname(path))?.kind !== 'folder') throw errnoError('ENOENT', 'open', path);
        inode = this.#addFile(path, mode);
      }
      if (inode.kind !== 'file') throw errnoError('EISDIR', 'open', path);
      this.#open += 1;
      return this.#handle(path, inode, flags === 'wxs');
    });
  }
  async readdir(path: string): Promise<string[]> {
    return this.#op('readdir', path, () => {
      if (this.#inodeAt(path)?.kind !== 'folder') throw errnoError('ENOENT', 'readdir', path);
      const inside = [...this.#disk.names.keys()].filter((p) => p !== '/' && dirname(p) === path);
      return inside.map((p) => p.slice(path === '/' ? 1 : path.length + 1));
    });
  }
  async mkdir(path: string): Promise<void> {
    await this.#op('mkdir', path, () => {
      const missing: string[] = [];
      for (let p = path; this.#inodeAt(p) === undefined; p = dirname(p)) missing.unshift(p);
      for (const p of missing) this.#addFolder(p);
    });
  }
  async rename(from: string, to: string): Promise<void> {
    await this.#op('rename', to, () => {
      const ino = this.#disk.names.get(from);
      if (ino === undefined) throw errnoError('ENOENT', 'rename', from);
      this.#disk.names.delete(from);
      this.#disk.names.set(to, ino);
    });
  }
  async unlink(path: string): Promise<void> {
    await this.#op('unlink', path, () => {
      if (!this.#disk.names.delete(path)) throw errnoError('ENOENT', 'unlink', path);
    });
  }
  async lstat(path: string): Promise<FileStat> {
    return this.#op('lstat', path, () => {
      const inode = this.#inodeAt(path);
      if (inode === undefined) throw errnoError('ENOENT', 'lstat', path);
      return this.#stat(inode);
    });
  }
  async syncDir(path: string): Promise<void> {
    await this.#op('syncDir', path, () => {
      const { names, durableNames } = this.#disk;
      for (const p of durableNames.keys()) if (dirname(p) === path && !names.has(p)) durableNames.delete(p);
      for (const [p, ino] of names) if (dirname(p) === path) durableNames.set(p, ino);
    });
  }

  #handle(path: string, inode: Inode, dsync: boolean): FileHandle {
    const write = async (data: Uint8Array, position?: number): Promise<number> => {
      const wrote = await this.#write(path, inode, data, position);
      if (dsync) inode.synced = Buffer.from(inode.data);
      return wrote;
    };
    return {
      write,
      writev: (parts) => write(Buffer.concat(parts)),
      read: (into, position) =>
        this.#op('read', path, () => inode.data.copy(into, 0, position, position + into.byteLength)),
      datasync: () =>
        this.#op(
          'datasync',
          path,
          () => {
            inode.synced = Buffer.from(inode.data);
            for (const [from, to] of inode.lost) inode.synced.fill(0, from, to);
          },
          // As Linux does: the dirty pages are dropped and the next fsync says all is well.
          () => inode.lost.push([inode.synced.length, inode.data.length]),
        ),
      truncate: (size) =>
        this.#op('truncate', path, () => {
          inode.data = Buffer.from(inode.data.subarray(0, size));
          inode.lost = inode.lost.filter(([from]) => from < size);
        }),
      stat: () => this.#op('stat', path, () => this.#stat(inode)),
      close: () => this.#op('close', path, () => void (this.#open -= 1)),
    };
  }

  #write(path: string, inode: Inode, data: Uint8Array, position?: number): Promise<number> {
    const put = (bytes: Uint8Array): number => {
      if (position !== undefined) return overwrite(inode, bytes, position);
      inode.data = Buffer.concat([inode.data, bytes]);
      return bytes.byteLength;
    };
    const some = (): Uint8Array => data.subarray(0, Math.floor(this.#random() * data.byteLength));
    // Now and then write(2) is short; on an error or a crash part of it may be there.
    return this.#op(
      'write',
      path,
      () => put(data.byteLength > 1 && this.#random() < 0.2 ? data.subarray(0, data.byteLength >> 1) : data),
      () => void put(some()),
    );
  }

  /** One numbered operation. `partly` is the effect left behind when it fails or the process dies in it. */
  async #op<T>(op: Op, path: string, effect: () => T, partly?: () => void): Promise<T> {
    await Promise.resolve();
    if (this.#crashed) throw errnoError('ECRASHED', op, path);
    const at = this.trace.length;
    this.trace.push(`${op} ${path}`);
    for (const fault of this.#faults) {
      if (fault.kind === 'crash' && fault.at === at) {
        if (fault.after) effect();
        else partly?.();
        this.#crash();
        throw errnoError('ECRASHED', op, path);
      }
      if (fault.kind !== 'error' || at < fault.at || at > (fault.until ?? fault.at)) continue;
      if (fault.ops !== undefined && !fault.ops.includes(op)) continue;
      partly?.();
      throw errnoError(fault.code, op, path);
    }
    return effect();
  }

  #crash(): void {
    this.#crashed = true;
    this.#onCrash();
  }

  #inodeAt(path: string): Inode | undefined {
    const ino = this.#disk.names.get(path);
    return ino === undefined ? undefined : this.#disk.inodes.get(ino);
  }
  #add(path: string, kind: Inode['kind'], mode: number): Inode {
    const ino = this.#disk.nextIno++;
    const inode: Inode = { ino, kind, mode, data: Buffer.alloc(0), synced: Buffer.alloc(0), lost: [] };
    this.#disk.inodes.set(ino, inode);
    this.#disk.names.set(path, ino);
    return inode;
  }
  #addFile(path: string, mode: number): Inode {
    return this.#add(path, 'file', mode);
  }
  #addFolder(path: string): Inode {
    const inode = this.#add(path, 'folder', 0o700);
    if (path === '/') this.#disk.durableNames.set(path, inode.ino);
    return inode;
  }
  #stat(inode: Inode): FileStat {
    return {
      size: inode.data.length,
      mode: inode.mode,
      uid: 0,
      isFile: inode.kind === 'file',
      isDirectory: inode.kind === 'folder',
      isSymbolicLink: false,
      ino: inode.ino,
      nlink: 1,
    };
  }

  /** Names after a power cut: the synced ones; torn, each unsynced change is there or not. */
  #namesLeft(loss: Loss, rng: () => number): Map<string, number> {
    const { names, durableNames } = this.#disk;
    const left = new Map(durableNames);
    if (loss !== 'drop') {
      for (const [path, ino] of names) if (left.get(path) !== ino && rng() < 0.5) left.set(path, ino);
      for (const path of durableNames.keys()) if (!names.has(path) && rng() < 0.5) left.delete(path);
    }
    for (const path of [...left.keys()])
      for (let p = dirname(path); p !== '/'; p = dirname(p)) if (!left.has(p)) left.delete(path);
    return left;
  }
}

/** pwrite(2) inside the file: what a failed fsync had lost there is dirty again. */
function overwrite(inode: Inode, bytes: Uint8Array, at: number): number {
  const end = at + bytes.byteLength;
  if (end > inode.data.length) throw new Error('the simulated pwrite does not grow files');
  inode.data = Buffer.concat([inode.data.subarray(0, at), bytes, inode.data.subarray(end)]);
  inode.lost = inode.lost.flatMap(([from, to]): [number, number][] => [
    ...(from < at ? [[from, Math.min(to, at)] as [number, number]] : []),
    ...(to > end ? [[Math.max(from, end), to] as [number, number]] : []),
  ]);
  return bytes.byteLength;
}

function dataLeft(inode: Inode, loss: Loss, rng: () => number): Buffer {
  const { data, synced } = inode;
  if (loss === 'drop') return synced;
  if (data.length <= synced.length) return rng() < 0.5 ? data : synced;
  // A grown file: some of what was appended is there. With holes, whole sectors of it are zeros.
  const size = synced.length + Math.floor(rng() * (data.length - synced.length + 1));
  const left = Buffer.concat([synced, data.subarray(synced.length, size)]);
  for (const [from, to] of inode.lost) left.fill(0, from, Math.min(to, left.length));
  if (loss === 'hole')
    for (let at = Math.ceil(synced.length / SECTOR) * SECTOR; at < left.length; at += SECTOR)
      if (rng() < 0.5) left.fill(0, at, Math.min(at + SECTOR, left.length));
  return left;
}
