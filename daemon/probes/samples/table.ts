import { crc32 } from 'node:zlib';
import { readFully } from '../../durable.ts';
import type { FileHandle, Fs } from '../../ports/fs.ts';

/*
 * A table is a file that is written once, whole: chunks, those of one probe together, then an index.
 *
 *   chunks
 *   index: for each probe, by name: u8 length of the name, name, u48 offset, u32 length
 *          u32 position of each entry in the index
 *   footer: u32 entries, u32 length of the index, u32 CRC-32 of the index, u32 number, "RVS1"
 */

const MAGIC = Buffer.from('RVS1', 'latin1');
const FOOTER_BYTES = 20;
/** Bytes of an index; 100,000 probes have names of 64 letters. */
const MAX_INDEX = 16 * 1024 * 1024;

export interface Entry {
  name: string;
  offset: number;
  length: number;
}

/** Index and footer for chunks that were written in the order of their names. */
export function tableEnd(entries: readonly Entry[], number: number): Buffer {
  const places: number[] = [];
  let size = 0;
  const parts = entries.map(({ name, offset, length }) => {
    const entry = Buffer.alloc(1 + name.length + 10);
    entry.writeUInt8(name.length, 0);
    entry.write(name, 1, 'latin1');
    entry.writeUIntLE(offset, 1 + name.length, 6);
    entry.writeUInt32LE(length, 7 + name.length);
    places.push(size);
    size += entry.length;
    return entry;
  });
  const directory = Buffer.alloc(4 * places.length);
  for (const [i, place] of places.entries()) directory.writeUInt32LE(place, 4 * i);
  const index = Buffer.concat([...parts, directory]);
  const footer = Buffer.alloc(FOOTER_BYTES);
  footer.writeUInt32LE(entries.length, 0);
  footer.writeUInt32LE(index.length, 4);
  footer.writeUInt32LE(crc32(index), 8);
  footer.writeUInt32LE(number, 12);
  MAGIC.copy(footer, 16);
  return Buffer.concat([index, footer]);
}

/** The index of a table, as it stands in the file: small, and searched without making objects of it. */
export class TableIndex {
  readonly #index: Buffer;
  readonly count: number;
  /** The last journal whose samples it holds. */
  readonly number: number;

  constructor(index: Buffer, count: number, number: number) {
    this.#index = index;
    this.count = count;
    this.number = number;
  }

  get bytes(): number {
    return this.#index.length;
  }

  at(i: number): Entry {
    const directory = this.#index.length - 4 * this.count;
    const place = this.#index.readUInt32LE(directory + 4 * i);
    const end = place + 1 + this.#index.readUInt8(place);
    return {
      name: this.#index.toString('latin1', place + 1, end),
      offset: this.#index.readUIntLE(end, 6),
      length: this.#index.readUInt32LE(end + 6),
    };
  }

  names(): string[] {
    return Array.from({ length: this.count }, (_, i) => this.at(i).name);
  }

  find(name: string): Entry | undefined {
    let [low, high] = [0, this.count - 1];
    while (low <= high) {
      const middle = (low + high) >> 1;
      const entry = this.at(middle);
      if (entry.name === name) return entry;
      if (entry.name < name) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }
}

/** Read from the end at once: footer and index of 1,000 probes, so that most tables take one read. */
const TAIL_BYTES = 40 * 1024;

/** Reads the index of a table; undefined for what is none, or damaged. */
export async function readIndex(file: FileHandle): Promise<TableIndex | undefined> {
  const { size } = await file.stat();
  if (size < FOOTER_BYTES) return undefined;
  const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
  await readFully(file, tail, size - tail.length);
  const footer = tail.subarray(tail.length - FOOTER_BYTES);
  const length = footer.readUInt32LE(4);
  if (!footer.subarray(16).equals(MAGIC) || length > MAX_INDEX || length + FOOTER_BYTES > size)
    return undefined;
  // Of its own size, since it stays in memory.
  const index = Buffer.alloc(length);
  const from = tail.length - FOOTER_BYTES - length;
  if (from >= 0) tail.copy(index, 0, from, from + length);
  else await readFully(file, index, size - FOOTER_BYTES - length);
  if (crc32(index) !== footer.readUInt32LE(8)) return undefined;
  return new TableIndex(index, footer.readUInt32LE(0), footer.readUInt32LE(12));
}

/** The bytes of one entry. */
export async function readEntry(
  file: FileHandle,
  { offset, length }: Pick<Entry, 'offset' | 'length'>,
): Promise<Buffer> {
  const bytes = Buffer.alloc(length);
  return bytes.subarray(0, await readFully(file, bytes, offset));
}

/** Entries ahead of the one that is asked for are read with it, bytes. */
const AHEAD_BYTES = 64 * 1024;

/** Reads the entries of a table in their order, many with one read. */
export class EntryReader {
  readonly #file: FileHandle;
  #from = 0;
  #held: Buffer = Buffer.alloc(0);

  constructor(file: FileHandle) {
    this.#file = file;
  }

  async read({ offset, length }: Entry): Promise<Buffer> {
    const begin = offset - this.#from;
    if (begin >= 0 && begin + length <= this.#held.length) return this.#held.subarray(begin, begin + length);
    this.#from = offset;
    this.#held = await readEntry(this.#file, { offset, length: Math.max(length, AHEAD_BYTES) });
    return this.#held.subarray(0, length);
  }
}

/** Runs `work` on a file that is open for reading, and closes it. */
export async function reading<T>(fs: Fs, path: string, work: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await fs.open(path, 'r');
  try {
    return await work(file);
  } finally {
    await file.close();
  }
}
