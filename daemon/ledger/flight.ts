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
  /** Monotonic ms when it was launched. */
  launched: number;
}

/** Resolves when the batch is written and its fdatasync has begun; `synced` when that is done. */
export async function launch(batch: readonly Pending[], segment: SegmentFile, now: number): Promise<Flight> {
  let text = '\n';
  for (const { line } of batch) text += `${line}\n`;
  const data = Buffer.from(text);
  await segment.write(data.subarray(1));
  const synced = segment.sync();
  // Awaited a little later; until then its failure is not an unhandled one.
  synced.catch(() => {});
  return { batch, segment, data, synced, launched: now };
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

/** How often the pace is measured anew. */
const MEASURE_EVERY = 64;

/**
 * Decides whether to gather or to hurry. Where the disk is slower than the callers, all that wait should share one flush,
 * so it pays to let the callers of the last one queue first. Where it is faster, waiting for them leaves it idle: then the
 * next flush is launched before the callers of the last one are told, and disk and callers work side by side.
 */
export class Pace {
  #flushMs = 0;
  #callersMs = 0;
  #flights = 0;

  landed(ms: number): void {
    this.#flushMs = ms;
    this.#flights += 1;
  }
  /** The callers of a flush took so long to queue again. */
  gathered(ms: number): void {
    this.#callersMs = ms;
  }
  get hurry(): boolean {
    return this.#flushMs < this.#callersMs && this.#flights % MEASURE_EVERY !== 0;
  }
}
