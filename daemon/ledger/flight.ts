import { leafHashAt } from './chunks.ts';
import { addLeaf, type Peaks } from './merkle.ts';
import type { Batch } from './queue.ts';
import type { SegmentFile } from './segment-file.ts';

/** A batch on its way to the disk: written, its fdatasync under way. */
export interface Flight {
  batch: Batch;
  segment: SegmentFile;
  synced: Promise<void>;
}

/** Resolves when the batch is written and its fdatasync has begun; `synced` when that is done. */
export async function launch(batch: Batch, segment: SegmentFile): Promise<Flight> {
  await segment.write(batch.data.subarray(1, batch.end));
  const synced = segment.sync();
  // Awaited a little later; until then its failure is not an unhandled one.
  synced.catch(() => {});
  return { batch, segment, synced };
}

/** Fills in leaf, tree and place of each record while the disk is at work, which by then is done with the buffer. */
export function hashFlight({ batch, segment }: Flight, before: Peaks | null): Peaks | null {
  const { data, records } = batch;
  let start = 1;
  let peaks = before;
  for (const pending of records) {
    const next = start + pending.bytes;
    pending.leaf = leafHashAt(data, start, next - 1);
    pending.peaks = peaks = addLeaf(peaks, pending.leaf);
    pending.segment = segment.first;
    pending.offset = segment.bytes + start - 1;
    pending.end = segment.bytes + next - 1;
    start = next;
  }
  return peaks;
}
