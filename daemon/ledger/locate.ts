import type { Fs } from '../ports/fs.ts';
import { readLeaves } from './cache.ts';
import { chunks, leafHashAt } from './chunks.ts';
import { BadLine, parseLine } from './line.ts';
import { addLeaf, rootOf, toHex, type Hash, type Peaks } from './merkle.ts';
import type { Segment } from './segments.ts';

export interface Found {
  segment: string;
  seq: number;
  /** When it cannot be said which: the last one it may be. */
  until?: number;
  why: string;
}

/**
 * Which record was changed between a size whose head holds and the next one whose head does not. The leaf cache answers
 * exactly when its hashes lead to the signed root, for then they are proven; else the first line that is not canonical is
 * named; else the range.
 */
export async function firstChanged(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  before: { size: number; peaks: Peaks | null },
  head: { size: number; root: string },
): Promise<Found> {
  const cached = await provenLeaves(fs, dir, before, head);
  let unclean: Found | undefined;
  let last = segments[0]?.name ?? '';
  for (const segment of segments) {
    if (segment.first >= head.size) break;
    const end = segments[segments.indexOf(segment) + 1]?.first ?? Number.POSITIVE_INFINITY;
    if (end <= before.size) continue;
    if (segment.first <= before.size) last = segment.name;
    const file = await fs.open(segment.path, 'r');
    try {
      let seq = segment.first;
      for await (const chunk of chunks(file, 0, segment.size)) {
        for (let start = 1; start < chunk.end; seq++) {
          const stop = chunk.bytes.indexOf(0x0a, start);
          if (seq >= before.size && seq < head.size) {
            const leaf = leafHashAt(chunk.bytes, start, stop);
            if (cached !== undefined && cached[seq - before.size] !== leaf)
              return { segment: segment.name, seq, why: 'its bytes are not those that were signed' };
            if (cached === undefined && unclean === undefined)
              unclean = whyUnclean(chunk.bytes.subarray(start, stop), seq, segment.name);
          }
          start = stop + 1;
        }
      }
    } finally {
      await file.close();
    }
  }
  const until = head.size - 1;
  const range = { segment: last, seq: before.size, until, why: 'one of these was changed' };
  return unclean ?? (before.size === until ? { segment: last, seq: until, why: 'it was changed' } : range);
}

async function provenLeaves(
  fs: Fs,
  dir: string,
  before: { size: number; peaks: Peaks | null },
  head: { size: number; root: string },
): Promise<Hash[] | undefined> {
  const entries = await readLeaves(fs, dir, before.size, head.size).catch(() => undefined);
  if (entries === undefined) return undefined;
  let { peaks } = before;
  for (const { leaf } of entries) peaks = addLeaf(peaks, leaf);
  return toHex(rootOf(peaks)) === head.root ? entries.map(({ leaf }) => leaf) : undefined;
}

function whyUnclean(line: Buffer, seq: number, segment: string): Found | undefined {
  try {
    parseLine(line, seq, true);
    return undefined;
  } catch (error) {
    if (!(error instanceof BadLine)) throw error;
    return { segment, seq, why: error.message };
  }
}
