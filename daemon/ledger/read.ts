import { ReeveError, fail } from '../../contracts/errors.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { errno, isNoFiles, readFully } from '../durable.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import { readLeaves } from './cache.ts';
import { seqOfLine } from './line-tail.ts';
import { BadLine, parseLine } from './line.ts';
import { chunks } from './chunks.ts';
import type { Segment } from './segments.ts';

/**
 * Records `[from, to)` in order. The leaf cache says where to begin; where it is wrong or missing the segment is read from
 * its start.
 *
 * @param strict Refuse lines that are not in canonical form.
 * @throws LEDGER_CORRUPT, LEDGER_GONE, LEDGER_NO_FILES
 */
export async function* readRecords(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  from: number,
  to: number,
  strict = false,
): AsyncGenerator<LedgerRecord, void, void> {
  let next = from;
  try {
    for (const [index, segment] of segments.entries()) {
      const end = segments[index + 1]?.first ?? Number.POSITIVE_INFINITY;
      if (next >= to) return;
      if (end <= next) continue;
      for await (const record of readSegment(fs, dir, segment, next, to, strict)) {
        next = record.seq + 1;
        yield record;
      }
    }
  } catch (error) {
    throw readError(error);
  }
}

async function* readSegment(
  fs: Fs,
  dir: string,
  segment: Segment,
  from: number,
  to: number,
  strict: boolean,
): AsyncGenerator<LedgerRecord, void, void> {
  const file = await fs.open(segment.path, 'r');
  try {
    const hint = from === segment.first ? 0 : await offsetOf(fs, dir, from);
    const good = hint > 0 && (await startsAt(file, hint, segment.size, from));
    let seq = good ? from : segment.first;
    for await (const { bytes, end } of chunks(file, good ? hint : 0, segment.size)) {
      for (let start = 1; start < end;) {
        if (seq >= to) return;
        const stop = bytes.indexOf(0x0a, start);
        if (seq >= from) yield recordOf(bytes.subarray(start, stop), seq, segment, strict);
        seq += 1;
        start = stop + 1;
      }
    }
  } finally {
    await file.close();
  }
}

function recordOf(line: Buffer, seq: number, segment: Segment, strict: boolean): LedgerRecord {
  try {
    return parseLine(line, seq, strict);
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    throw fail('LEDGER_CORRUPT', { seq, file: segment.name, why: error.message }, { cause: error });
  }
}

async function offsetOf(fs: Fs, dir: string, seq: number): Promise<number> {
  const entries = await readLeaves(fs, dir, seq, seq + 1).catch(() => undefined);
  return entries?.[0]?.offset ?? 0;
}

/** Whether a line that says `seq` begins at `offset`. */
export async function startsAt(
  file: FileHandle,
  offset: number,
  size: number,
  seq: number,
): Promise<boolean> {
  if (offset < 1 || offset >= size) return false;
  const bytes = Buffer.alloc(Math.min(64 * 1024 + 1, size - offset + 1));
  const got = await readFully(file, bytes, offset - 1);
  const stop = bytes.subarray(0, got).indexOf(0x0a, 1);
  return bytes[0] === 0x0a && stop > 0 && seqOfLine(bytes, 1, stop) === seq;
}

function readError(error: unknown): unknown {
  if (error instanceof ReeveError) return error;
  if (isNoFiles(error)) return fail('LEDGER_NO_FILES', { what: 'reading the ledger' }, { cause: error });
  const path = error instanceof Error && 'path' in error ? String(error.path) : 'a segment';
  if (errno(error) === 'ENOENT') return fail('LEDGER_GONE', { file: path }, { cause: error });
  return error;
}
