import { hash } from 'node:crypto';
import { readFully } from '../durable.ts';
import type { FileHandle } from '../ports/fs.ts';
import type { Hash } from './merkle.ts';

/** MAX_RECORD_BYTES again: a verifying thread would otherwise load every schema for this number. */
export const MAX_LINE_BYTES = 64 * 1024 - 1;

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

/**
 * Reads `[from, to)` of an open segment, chunk by chunk. A line over the limit ends the reading, as `rest`.
 *
 * @param lent Where to read to by turns: of the same size, each with room for the longest line and two bytes.
 */
export async function* chunks(
  file: Pick<FileHandle, 'read'>,
  from: number,
  to: number,
  lent?: readonly [Buffer, Buffer],
): AsyncGenerator<Chunk, void, void> {
  const length = 1 + Math.min(lent === undefined ? CHUNK : lent[0].length - 1, to - from);
  let bytes: Buffer = lent?.[0] ?? Buffer.allocUnsafeSlow(length);
  let other: Buffer | undefined = lent?.[1];
  let kept = 0;
  let position = from;
  const fill = (buffer: Buffer): Promise<number> => {
    const want = Math.min(length - 1 - kept, to - position);
    return readFully(file, buffer.subarray(1 + kept, 1 + kept + want), position);
  };
  // The next chunk is read while this one is used.
  let reading = fill(bytes);
  try {
    while (position < to) {
      const want = Math.min(length - 1 - kept, to - position);
      const got = await reading;
      const filled = 1 + kept + got;
      const offset = position - kept;
      position += got;
      const end = Math.max(1, bytes.lastIndexOf(0x0a, filled - 1) + 1);
      const rest = filled - end;
      const last = got < want || position >= to || rest > MAX_LINE_BYTES;
      const chunk = { bytes: bytes.subarray(0, filled), offset, end, rest: last ? rest : 0 };
      if (!last) {
        other ??= Buffer.allocUnsafeSlow(length);
        bytes.copy(other, 1, end, filled);
        kept = rest;
        reading = fill(other);
        [bytes, other] = [other, bytes];
      }
      yield chunk;
      if (last) return;
    }
  } finally {
    // Nobody may close the file under a read.
    await reading.catch(() => {});
  }
}

/** Leaf hash of the line `bytes[start … end)`; borrows the byte before it for the 0x00 prefix. */
export function leafHashAt(bytes: Buffer, start: number, end: number): Hash {
  const before = bytes[start - 1] ?? 0;
  bytes[start - 1] = 0;
  // A bare Uint8Array is made in half the time of `subarray`.
  const leaf = hash(
    'sha256',
    new Uint8Array(bytes.buffer, bytes.byteOffset + start - 1, end - start + 1),
    'binary',
  );
  bytes[start - 1] = before;
  return leaf;
}
