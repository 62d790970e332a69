import { join } from 'node:path';
import { z } from 'zod';
import { errno, readFully, readWhole, replaceDurably, writeAll } from '../durable.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import { rootOf, packPeaks, toHex, unpackPeaks, type Hash } from './merkle.ts';
import type { Segment } from './segments.ts';
import type { Place } from './walk.ts';

/*
 * Two files beside the ledger that only make it faster; deleting the folder loses nothing.
 *   cache/leaves      36 bytes a record: byte offset in its segment (u32, little-endian), leaf hash. Never synced.
 *   cache/heads.json  places from which reading may start, each proven by its own root and by a later signed checkpoint.
 */

const ENTRY = 36;

export class LeafCache {
  #file: FileHandle | undefined;
  /** Entries in the file. */
  #count = 0;
  #pending = Buffer.alloc(64 * ENTRY);
  #pendingCount = 0;
  /** Stops at the first error: a cache with a gap is no cache. */
  #off = false;

  /** Opens the cache, without entries when they cannot be all right. `limit` is the number of records of the ledger. */
  static async open(fs: Fs, dir: string, limit: number): Promise<LeafCache> {
    const cache = new LeafCache();
    try {
      await fs.mkdir(join(dir, 'cache'), 0o700);
      cache.#file = await fs.open(join(dir, 'cache', 'leaves'), 'a', 0o600);
      const { size } = await cache.#file.stat();
      cache.#count = Math.floor(size / ENTRY);
      if (size % ENTRY !== 0 || cache.#count > limit) await cache.truncate(Math.min(cache.#count, limit));
    } catch {
      cache.#off = true;
    }
    return cache;
  }

  /** Records from 0 that have an entry, written or not. */
  get size(): number {
    return this.#count + this.#pendingCount;
  }

  /** Notes record `seq`; ignored unless it is the next one. */
  add(seq: number, offset: number, leaf: Hash): void {
    if (this.#off || seq !== this.size) return;
    const at = this.#pendingCount * ENTRY;
    if (at === this.#pending.length) this.#pending = Buffer.concat([this.#pending, Buffer.alloc(at)]);
    this.#pending.writeUInt32LE(offset, at);
    this.#pending.write(leaf, at + 4, 'latin1');
    this.#pendingCount += 1;
  }

  /** Writes what was noted. Never fails: it gives up caching instead. */
  async flush(): Promise<void> {
    if (this.#off || this.#file === undefined || this.#pendingCount === 0) return;
    const batch = this.#pending.subarray(0, this.#pendingCount * ENTRY);
    this.#pending = Buffer.alloc(64 * ENTRY);
    this.#count += this.#pendingCount;
    this.#pendingCount = 0;
    try {
      await writeAll(this.#file, batch);
    } catch {
      this.#off = true;
      // So that the next start does not take a gap for entries.
      await this.#file.truncate(0).catch(() => {});
    }
  }

  get pending(): number {
    return this.#pendingCount;
  }

  async truncate(count: number): Promise<void> {
    this.#pendingCount = 0;
    this.#count = count;
    await this.#file?.truncate(count * ENTRY);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#file?.close();
    this.#file = undefined;
    this.#off = true;
  }
}

/** Reads entries `[from, to)` of the leaf cache; undefined when they are not all there. */
export async function readLeaves(
  fs: Fs,
  dir: string,
  from: number,
  to: number,
): Promise<{ offset: number; leaf: Hash }[] | undefined> {
  let file: FileHandle;
  try {
    file = await fs.open(join(dir, 'cache', 'leaves'), 'r');
  } catch (error) {
    if (errno(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const bytes = Buffer.alloc((to - from) * ENTRY);
    if ((await readFully(file, bytes, from * ENTRY)) < bytes.length) return undefined;
    const entries: { offset: number; leaf: Hash }[] = [];
    for (let at = 0; at < bytes.length; at += ENTRY)
      entries.push({ offset: bytes.readUInt32LE(at), leaf: bytes.toString('latin1', at + 4, at + ENTRY) });
    return entries;
  } finally {
    await file.close();
  }
}

const HeadsFile = z.array(
  z.strictObject({
    size: z.int().min(1),
    root: z.string().regex(/^[0-9a-f]{64}$/),
    peaks: z.array(z.string()).max(53),
    maxTs: z.int().min(0),
    segment: z.int().min(0),
    offset: z.int().min(0),
  }),
);

const headsPath = (dir: string): string => join(dir, 'cache', 'heads.json');

/** Keeps the newest two places: a crash between this and the snapshot it belongs to leaves the older pair usable. */
export async function saveHead(fs: Fs, dir: string, place: Place, segmentFirst: number): Promise<void> {
  const older = await loadHeads(fs, dir);
  const head = {
    size: place.size,
    root: toHex(rootOf(place.peaks)),
    peaks: packPeaks(place.peaks),
    maxTs: place.maxTs,
    segment: segmentFirst,
    offset: place.offset,
  };
  await replaceDurably(fs, headsPath(dir), Buffer.from(JSON.stringify([head, ...older.slice(0, 1)])));
}

async function loadHeads(fs: Fs, dir: string): Promise<z.infer<typeof HeadsFile>> {
  try {
    const data = await readWhole(fs, headsPath(dir), 1024 * 1024);
    return data === undefined ? [] : HeadsFile.parse(JSON.parse(data.toString('utf8')));
  } catch {
    return [];
  }
}

/** The place after `size` records with this root, if the cache knows one that fits itself and the segments. */
export async function findHead(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  size: number,
  root: string,
): Promise<Place | undefined> {
  const head = (await loadHeads(fs, dir)).find((h) => h.size === size && h.root === root);
  if (head === undefined) return undefined;
  const peaks = unpackPeaks(head.size, head.peaks);
  const index = segments.findIndex((s) => s.first === head.segment);
  const segment = segments[index];
  if (peaks === undefined || toHex(rootOf(peaks)) !== root || segment === undefined) return undefined;
  if (head.offset > segment.size || head.segment > size) return undefined;
  return { size, peaks, maxTs: head.maxTs, segment: index, offset: head.offset };
}
