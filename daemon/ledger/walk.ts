import { fail } from '../../contracts/errors.ts';
import { MAX_RECORD_BYTES, type LedgerRecord } from '../../contracts/record.ts';
import type { Fs } from '../ports/fs.ts';
import { BadLine, parseLine } from './line.ts';
import { addLeaf, rootOf, toHex, type Hash, type Peaks } from './merkle.ts';
import { chunks, leafHashAt } from './chunks.ts';
import type { Segment } from './segments.ts';

/** A place in the ledger: everything before record `size` is folded into `peaks`. */
export interface Place {
  size: number;
  peaks: Peaks | null;
  /** Highest time stamp so far, ms. */
  maxTs: number;
  /** Index of the segment that record `size` stands in. */
  segment: number;
  /** Its byte offset there. */
  offset: number;
}

export const START: Place = { size: 0, peaks: null, maxTs: 0, segment: 0, offset: 0 };

/** What follows the last good record of the last segment. */
export interface Torn {
  segment: Segment;
  /** Bytes before it, all good. */
  kept: number;
  why: string;
}

export interface WalkEvents {
  /** Called in order, before the next line is looked at. */
  record(record: LedgerRecord, leaf: Hash, offset: number): void;
  /** Awaited between chunks. */
  pause?(): Promise<void>;
}

/** Roots that must hold when the walk passes their size (signed checkpoints). */
export interface Expected {
  size: number;
  root: Hash;
}

/** Nothing beyond this can be one unfinished flush, so a broken record further from the end is damage, not a torn tail. */
export const MAX_FLUSH_BYTES = 1024 * 1024;

/**
 * Reads on from a place to the end: the one reader that start, recovery and rebuilding share. Stops at a torn tail, which
 * is: in the last segment, past every checkpoint, within one flush of the end, and either an unfinished line or a hole of
 * zeros (blocks that were allocated but not written).
 *
 * @param trusted Records below this size are covered by a signed checkpoint: their bytes are proven by its root.
 * @throws LEDGER_CORRUPT for anything else that is not the next record.
 */
export async function walk(
  fs: Fs,
  segments: readonly Segment[],
  from: Place,
  expected: readonly Expected[],
  trusted: number,
  on: WalkEvents,
): Promise<{ place: Place; torn: Torn | undefined }> {
  let { size, peaks, maxTs } = from;
  const due = expected.filter((e) => e.size >= size).sort((a, b) => a.size - b.size);
  const checkDue = (segment: Segment): void => {
    while (due[0] !== undefined && due[0].size === size) {
      const { root } = due.shift() ?? { root: '' };
      if (rootOf(peaks) === root) continue;
      const why = `the ${size} records up to here hash to ${toHex(rootOf(peaks))}, but the signed checkpoint says ${toHex(root)}`;
      throw fail('LEDGER_CORRUPT', { seq: Math.max(0, size - 1), file: segment.name, why });
    }
  };
  let place: Place = from;
  for (let index = from.segment; index < segments.length; index++) {
    const segment = segments[index];
    if (segment === undefined) break;
    let offset = index === from.segment ? from.offset : 0;
    if (offset === 0 && segment.first !== size) {
      const why = `the segment starts at record ${segment.first}, the one before it ends at ${size}`;
      throw fail('LEDGER_CORRUPT', { seq: size, file: segment.name, why });
    }
    checkDue(segment);
    const file = await fs.open(segment.path, 'r');
    try {
      for await (const { bytes, offset: base, end, rest } of chunks(file, offset, segment.size)) {
        let start = 1;
        while (start < end) {
          const stop = bytes.indexOf(0x0a, start);
          offset = base + start - 1;
          const line = bytes.subarray(start, stop);
          let record: LedgerRecord;
          try {
            if (line.length > MAX_RECORD_BYTES) throw new BadLine('it is too long');
            record = parseLine(line, size, size >= trusted);
          } catch (error) {
            if (!(error instanceof BadLine)) throw error;
            const hole = line.indexOf(HOLE) >= 0;
            return broken(index, offset, hole, false, error.message);
          }
          const leaf = leafHashAt(bytes, start, stop);
          peaks = addLeaf(peaks, leaf);
          if (record.ts > maxTs) maxTs = record.ts;
          size += 1;
          on.record(record, leaf, offset);
          checkDue(segment);
          start = stop + 1;
        }
        offset = base + end - 1;
        await on.pause?.();
        if (rest > 0) return broken(index, offset, true, true, 'it is cut off');
      }
      place = { size, peaks, maxTs, segment: index, offset };
    } finally {
      await file.close();
    }
  }
  return { place, torn: undefined };

  function broken(index: number, kept: number, tearable: boolean, atEnd: boolean, why: string) {
    const segment = segments[index];
    if (segment === undefined) throw new RangeError('no such segment');
    // An unfinished last line below a checkpoint is a ledger cut short, which the caller says in those words.
    const past = size >= trusted || atEnd;
    const tail = index === segments.length - 1 && past && segment.size - kept <= MAX_FLUSH_BYTES;
    if (!tail || !tearable) throw fail('LEDGER_CORRUPT', { seq: size, file: segment.name, why });
    return { place: { size, peaks, maxTs, segment: index, offset: kept }, torn: { segment, kept, why } };
  }
}

const HOLE = Buffer.alloc(8);
