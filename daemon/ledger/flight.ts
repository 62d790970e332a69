import { leafHashAt } from './chunks.ts';
import { addLeaf, type Peaks } from './merkle.ts';
import type { Pending } from './queue.ts';
import type { SegmentFile } from './segment-file.ts';
import type { Written } from './writer-types.ts';

/** A batch on its way to the disk: written, its fdatasync under way. */
export interface Flight {
  batch: readonly Pending[];
  segment: SegmentFile;
  /** A newline, then the lines. */
  data: Buffer;
  synced: Promise<void>;
}

/** Resolves when the batch is written and its fdatasync has begun; `synced` when that is done. */
export async function launch(batch: readonly Pending[], segment: SegmentFile): Promise<Flight> {
  let text = '\n';
  for (const { line } of batch) text += `${line}\n`;
  const data = Buffer.from(text);
  await segment.write(data.subarray(1));
  const synced = segment.sync();
  // Awaited a little later; until then its failure is not an unhandled one.
  synced.catch(() => {});
  return { batch, segment, data, synced };
}

/** Hashes a batch while the disk is at work, which by then is done with the buffer. */
export function hashFlight({ batch, segment, data }: Flight, before: Peaks | null): Written[] {
  let start = 1;
  let peaks = before;
  return batch.map((pending) => {
    const stop = start + pending.bytes - 1;
    const leaf = leafHashAt(data, start, stop);
    peaks = pending.peaks = addLeaf(peaks, leaf);
    const offset = segment.bytes + start - 1;
    start = stop + 1;
    const end = offset + pending.bytes;
    return { record: pending.record, leaf, segment: segment.first, offset, end, peaks };
  });
}
