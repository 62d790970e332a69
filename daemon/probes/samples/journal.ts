import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';
import { errno, readWhole, renameDurably, writeAll } from '../../durable.ts';
import type { FileHandle, Fs } from '../../ports/fs.ts';
import { Cursor, MAX_VARINT, putVarint, unzigzag, zigzag } from './codec.ts';

/*
 * A journal holds the samples of all probes in the order they came, until they stand in a table:
 *
 *   "RVJ1", then frames: u32 length of the rest, u32 CRC-32 of the rest, entries
 *   entry: probe (varint), latency and code (codec.ts), ms since the entry before (zigzag; the first: since 0)
 *   or a name: probe, length · 16 + 15, name
 *
 * A frame is written with one write(2). What a crash leaves of the last one does not have its checksum and is cut off.
 */

const MAGIC = Buffer.from('RVJ1', 'latin1');
const HEAD_BYTES = 8;
const NAME = 15;
/** Room of a frame at first, bytes. */
const FRAME_BYTES = 8 * 1024;
const MAX_NAME = 64;
const MAX_JOURNAL = 256 * 1024 * 1024;

/** Collects samples, and appends what it has collected to its file as one frame. The file is made with the first. */
export class Journal {
  readonly number: number;
  readonly path: string;
  readonly #fs: Fs;
  #file: FileHandle | undefined;
  readonly #ids = new Map<string, number>();
  #next = 0;
  #frame = Buffer.allocUnsafe(FRAME_BYTES);
  #used = HEAD_BYTES;
  #last = 0;
  #held = 0;
  /** Names that stand in the frame alone, not yet in the file. */
  #fresh: string[] = [];
  /** Good bytes in the file. */
  #size = 0;
  #unsynced = false;
  #closed = false;
  #broken = false;
  /** Its name lasts, too. */
  #named = false;

  constructor(fs: Fs, path: string, number: number) {
    this.#fs = fs;
    this.path = path;
    this.number = number;
  }

  /** Nothing more can be appended: half a frame stands at its end. */
  get broken(): boolean {
    return this.#broken;
  }

  add(probe: string, at: number, value: number): void {
    if (this.#used + 4 * MAX_VARINT + MAX_NAME > this.#frame.length) this.#grow();
    let id = this.#ids.get(probe);
    if (id === undefined) {
      id = this.#next++;
      this.#ids.set(probe, id);
      this.#fresh.push(probe);
      this.#put(id);
      this.#put(probe.length * 16 + NAME);
      this.#used += this.#frame.write(probe, this.#used, 'latin1');
    }
    this.#put(id);
    this.#put(value);
    this.#put(zigzag(at - this.#last));
    this.#last = at;
    this.#held += 1;
  }

  /**
   * Writes what was collected. When it rejects, none of that is in the file. Once it is closed it writes nothing: its samples
   * stand in a table, and the file must not be made again.
   */
  async write(): Promise<void> {
    if (this.#held === 0 || this.#closed) return;
    const frame = this.#frame.subarray(0, this.#used);
    const fresh = this.#fresh;
    // What comes while the disk works begins a frame of its own.
    this.#frame = Buffer.allocUnsafe(FRAME_BYTES);
    [this.#used, this.#last, this.#held, this.#fresh] = [HEAD_BYTES, 0, 0, []];
    frame.writeUInt32LE(frame.length - HEAD_BYTES, 0);
    frame.writeUInt32LE(crc32(frame.subarray(HEAD_BYTES)), 4);
    try {
      await this.#append(frame);
    } catch (error) {
      // They get another number with their next sample.
      for (const name of fresh) this.#ids.delete(name);
      throw error;
    }
  }

  /** What was written lasts when it resolves. */
  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    await this.#file?.datasync();
    if (this.#named) return;
    await this.#fs.syncDir(dirname(this.path));
    this.#named = true;
  }

  async close(): Promise<void> {
    this.#closed = true;
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #append(frame: Buffer): Promise<void> {
    const file = (this.#file ??= await this.#fs.open(this.path, 'a', 0o600));
    const bytes = this.#size === 0 ? Buffer.concat([MAGIC, frame]) : frame;
    try {
      await writeAll(file, bytes);
      this.#size += bytes.length;
      this.#unsynced = true;
    } catch (error) {
      // What a disk that fails says of the file's length is doubtful, too.
      this.#broken = true;
      await file.truncate(this.#size).catch(() => undefined);
      this.#broken = (await file.stat().catch(() => undefined))?.size !== this.#size;
      throw error;
    }
  }

  #put(value: number): void {
    this.#used = putVarint(this.#frame, this.#used, value);
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#frame.length * 2);
    this.#frame.copy(larger, 0, 0, this.#used);
    this.#frame = larger;
  }
}

/**
 * The samples of a journal, in order.
 *
 * @returns bytes at the end that are no whole frame.
 */
export async function readJournal(
  fs: Fs,
  path: string,
  each: (probe: string, at: number, value: number) => void,
): Promise<{ cut: number }> {
  const bytes = (await readWhole(fs, path, MAX_JOURNAL)) ?? Buffer.alloc(0);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { cut: bytes.length };
  const names: string[] = [];
  let at = MAGIC.length;
  while (at + HEAD_BYTES <= bytes.length) {
    const end = at + HEAD_BYTES + bytes.readUInt32LE(at);
    if (end > bytes.length) break;
    const body = bytes.subarray(at + HEAD_BYTES, end);
    if (crc32(body) !== bytes.readUInt32LE(at + 4)) break;
    readFrame(body, names, each);
    at = end;
  }
  return { cut: bytes.length - at };
}

/** A journal that can never be read must not keep everything from being watched. Rejects what may pass. */
export async function setAside(
  fs: Fs,
  path: string,
  error: unknown,
  warn: (what: string, error: unknown) => void,
): Promise<{ cut: number }> {
  if (!['EFBIG', 'EISDIR', 'EACCES', 'EPERM', 'ELOOP'].includes(errno(error))) throw error;
  await renameDurably(fs, path, `${path}.unreadable`);
  warn(`samples: a journal cannot be read and is set aside as ${path}.unreadable`, error);
  return { cut: 0 };
}

function readFrame(
  body: Buffer,
  names: string[],
  each: (probe: string, at: number, value: number) => void,
): void {
  const cursor = new Cursor(body);
  let time = 0;
  while (cursor.at < cursor.end) {
    const id = cursor.varint();
    const value = cursor.varint();
    if ((value & 15) === NAME) {
      const end = cursor.at + (value >>> 4);
      names[id] = body.toString('latin1', cursor.at, end);
      cursor.at = end;
    } else {
      time += unzigzag(cursor.varint());
      const name = names[id];
      if (name !== undefined) each(name, time, value);
    }
  }
}
