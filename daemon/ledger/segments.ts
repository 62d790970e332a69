import { hash } from 'node:crypto';
import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { MAX_RECORD_BYTES } from '../../contracts/record.ts';
import { errno, readFully } from '../durable.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import type { Hash } from './merkle.ts';

/** One segment file: the records from `first` on. */
export interface Segment {
  first: number;
  name: string;
  path: string;
  /** Bytes. */
  size: number;
}

const NAME = /^([0-9]{16})\.jsonl$/;

/** Zero padded, so that names sort as numbers. */
export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.jsonl`;

/** The segments of a ledger folder in order; empty when the folder does not exist. @throws LEDGER_CORRUPT for a non-file. */
export async function listSegments(fs: Fs, dir: string): Promise<Segment[]> {
  let names: string[];
  try {
    names = await fs.readdir(dir);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
  const segments: Segment[] = [];
  for (const name of names.sort()) {
    const first = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(first)) continue;
    const path = join(dir, name);
    const stat = await fs.lstat(path);
    if (!stat.isFile)
      throw fail('LEDGER_CORRUPT', { seq: first, file: name, why: 'it is not a regular file' });
    // A new segment that nothing was written to yet. It holds no record, so it may be there or not.
    if (stat.size > 0) segments.push({ first, name, path, size: stat.size });
  }
  return segments;
}

/**
 * A stretch of a segment: whole lines in `bytes[1 … end)`; byte 0 is free so that a line can be hashed in place. `bytes`
 * is reused: use it before asking for the next chunk.
 */
export interface Chunk {
  bytes: Buffer;
  /** File offset of bytes[1]. */
  offset: number;
  /** Index after the last newline; 1 when there is none. */
  end: number;
  /** Bytes after `end` that no newline follows: not empty only in the last chunk. */
  rest: number;
}

const CHUNK = 256 * 1024;

/** Reads `[from, to)` of an open segment, chunk by chunk. A line over the limit ends the reading, as `rest`. */
export async function* chunks(
  file: FileHandle,
  from: number,
  to: number,
  chunkBytes = CHUNK,
): AsyncGenerator<Chunk, void, void> {
  const bytes = Buffer.allocUnsafeSlow(1 + Math.max(chunkBytes, MAX_RECORD_BYTES + 1));
  let kept = 0;
  let position = from;
  while (position < to || kept > 0) {
    const want = Math.min(bytes.length - 1 - kept, to - position);
    const got = await readFully(file, bytes.subarray(1 + kept, 1 + kept + want), position);
    const filled = 1 + kept + got;
    const offset = position - kept;
    position += got;
    const end = bytes.lastIndexOf(0x0a, filled - 1) + 1;
    const whole = end > 1 ? end : 1;
    const rest = filled - whole;
    const last = got < want || position >= to || rest > MAX_RECORD_BYTES;
    yield { bytes: bytes.subarray(0, filled), offset, end: whole, rest: last ? rest : 0 };
    if (last) return;
    bytes.copyWithin(1, whole, filled);
    kept = rest;
  }
}

/** Leaf hash of the line `bytes[start … end)`; borrows the byte before it for the 0x00 prefix. */
export function leafHashAt(bytes: Buffer, start: number, end: number): Hash {
  const before = bytes[start - 1] ?? 0;
  bytes[start - 1] = 0;
  const leaf = hash('sha256', bytes.subarray(start - 1, end), 'binary');
  bytes[start - 1] = before;
  return leaf;
}
