import path from 'node:path';
import { fail } from '../../../contracts/errors.ts';
import { appendSynced, errno, makeFolder, readFully } from '../../durable.ts';
import { digestOf } from '../../digest.ts';
import type { Clock } from '../../ports/clock.ts';
import type { FileHandle, Fs } from '../../ports/fs.ts';

/** Where a body stands. `pack`: ms of its making, which is its name. */
export interface Place {
  pack: number;
  offset: number;
}

interface Waiting {
  bytes: Buffer;
  digest: string;
  resolve(place: Place): void;
  reject(error: unknown): void;
}

const MAGIC = Buffer.from('RVP1');
/** Magic, length of the body (4 bytes, little-endian), its SHA-256. */
const HEADER = 4 + 4 + 32;
/** A pack goes on until it is so large, bytes, or so old, ms: old ones are deleted whole. */
const FULL = 64 * 1024 * 1024;
const OLD = 86_400_000;
const FLUSH = 8 * 1024 * 1024;
/** Bodies in one flush, each with its header: what writev(2) takes at once. */
const MOST = 512;

/** Lets everything that waits for a flush join it; not a timer. */
const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/**
 * Bodies in files of many, so that one flush makes all durable that wait: a file for each would cost two flushes each.
 * Every process begins a new pack, so a torn end belongs to no record.
 */
export class Packs {
  readonly #fs: Fs;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #dir: string;
  readonly #queue: Waiting[] = [];
  #flushing: Promise<void> | undefined;
  #open: { pack: number; file: FileHandle; end: number } | undefined;
  #ready = false;

  constructor(fs: Fs, clock: Pick<Clock, 'now'>, dir: string) {
    this.#fs = fs;
    this.#clock = clock;
    this.#dir = dir;
  }

  /** Resolves when the body is on stable storage. Rejects with the errno error; then nothing of it counts. */
  put(bytes: Buffer, digest: string): Promise<Place> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ bytes, digest, resolve, reject });
      this.#flushing ??= this.#flush().finally(() => (this.#flushing = undefined));
    });
  }

  /** The body, checked. Rejects DELIVERY_BODY_GONE, ARTIFACT_CORRUPT. */
  async get({ pack, offset }: Place, digest: string, delivery: string): Promise<Buffer> {
    let file: FileHandle;
    try {
      file = await this.#fs.open(this.#file(pack), 'r');
    } catch (error) {
      if (errno(error) === 'ENOENT') throw fail('DELIVERY_BODY_GONE', { delivery }, { cause: error });
      throw error;
    }
    try {
      const header = Buffer.alloc(HEADER);
      await readFully(file, header, offset);
      const length = header.readUInt32LE(4);
      const { size } = await file.stat();
      if (!header.subarray(0, 4).equals(MAGIC) || offset + HEADER + length > size)
        throw fail('ARTIFACT_CORRUPT', { digest });
      const body = Buffer.alloc(length);
      await readFully(file, body, offset + HEADER);
      if (digestOf(body) !== digest) throw fail('ARTIFACT_CORRUPT', { digest });
      return body;
    } finally {
      await file.close();
    }
  }

  /** Deletes packs whose newest body is older than `keep` ms. Returns how many. */
  async forget(keep: number): Promise<number> {
    const limit = this.#clock.now() - OLD - keep;
    let gone = 0;
    for (const name of await this.#names()) {
      const pack = Number(name.slice(0, -'.pack'.length));
      if (pack >= limit || pack === this.#open?.pack) continue;
      await this.#fs.unlink(path.join(this.#dir, name));
      gone++;
    }
    if (gone > 0) await this.#fs.syncDir(this.#dir);
    return gone;
  }

  async close(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    await this.#leave();
  }

  #file = (pack: number): string => path.join(this.#dir, `${String(pack).padStart(13, '0')}.pack`);

  async #names(): Promise<string[]> {
    try {
      return (await this.#fs.readdir(this.#dir)).filter((name) => /^\d{13}\.pack$/.test(name));
    } catch (error) {
      if (errno(error) === 'ENOENT') return [];
      throw error;
    }
  }

  async #flush(): Promise<void> {
    await breathe();
    while (this.#queue.length > 0) {
      let bytes = 0;
      let count = 0;
      while (count < this.#queue.length && count < MOST && (count === 0 || bytes < FLUSH))
        bytes += this.#queue[count++]?.bytes.length ?? 0;
      const batch = this.#queue.splice(0, count);
      try {
        const places = await this.#write(batch);
        for (const [n, { resolve }] of batch.entries()) resolve(places[n] ?? { pack: 0, offset: 0 });
      } catch (error) {
        // What is in this pack after its last flush is in doubt; the next body begins another one.
        await this.#leave();
        for (const { reject } of batch) reject(error);
      }
      await breathe();
    }
  }

  async #write(batch: readonly Waiting[]): Promise<Place[]> {
    const open = await this.#current();
    const places: Place[] = [];
    const parts: Buffer[] = [];
    for (const { bytes, digest } of batch) {
      places.push({ pack: open.pack, offset: open.end });
      open.end += HEADER + bytes.length;
      parts.push(headerOf(bytes, digest), bytes);
    }
    await appendSynced(open.file, parts);
    return places;
  }

  async #current(): Promise<{ pack: number; file: FileHandle; end: number }> {
    const now = this.#clock.now();
    if (
      this.#open !== undefined &&
      this.#open.end < FULL &&
      now - this.#open.pack < OLD &&
      now >= this.#open.pack
    )
      return this.#open;
    await this.#leave();
    if (!this.#ready) {
      await makeFolder(this.#fs, this.#dir, 0o700);
      this.#ready = true;
    }
    for (let pack = now; ; pack++) {
      try {
        const file = await this.#fs.open(this.#file(pack), 'wxs', 0o600);
        await this.#fs.syncDir(this.#dir);
        return (this.#open = { pack, file, end: 0 });
      } catch (error) {
        // Made within the same millisecond.
        if (errno(error) !== 'EEXIST') throw error;
      }
    }
  }

  async #leave(): Promise<void> {
    const { file } = this.#open ?? {};
    this.#open = undefined;
    await file?.close().catch(() => undefined);
  }
}

function headerOf(bytes: Buffer, digest: string): Buffer {
  const header = Buffer.allocUnsafe(HEADER);
  MAGIC.copy(header);
  header.writeUInt32LE(bytes.length, MAGIC.length);
  header.write(digest.slice('sha256:'.length), MAGIC.length + 4, 'hex');
  return header;
}
