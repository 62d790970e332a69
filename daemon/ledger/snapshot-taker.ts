import type { Fs } from '../ports/fs.ts';
import type { Fold, Snapshot, Snapshots } from '../ports/state.ts';
import { saveHead, type LeafCache } from './cache.ts';
import { rootOf, toHex, type Peaks } from './merkle.ts';
import type { Written } from './writer-types.ts';
import type { Writer } from './writer.ts';

interface Taken {
  seq: number;
  states: Snapshot['states'];
  maxTs: number;
  /** Known once record seq − 1 is durable. */
  at: { peaks: Peaks | null; segment: number; offset: number } | undefined;
}

interface Options {
  fs: Fs;
  dir: string;
  fold: Fold;
  snapshots: Snapshots | undefined;
  every: number;
  writer: Writer;
  cache: LeafCache;
}

/**
 * Takes snapshots of the fold. States run ahead of the disk, so a copy is taken at once and saved only when its last
 * record is durable and a signed checkpoint covers it.
 */
export class SnapshotTaker {
  readonly #options: Options;
  #taken: Taken | undefined;
  #saved: number;

  constructor(options: Options) {
    this.#options = options;
    this.#saved = options.writer.durable().size;
  }

  /** Notes where a copy that waits for its records belongs. */
  written(batch: readonly Written[]): void {
    const taken = this.#taken;
    if (taken === undefined || taken.at !== undefined) return;
    const index = taken.seq - 1 - (batch[0]?.record.seq ?? 0);
    const last = batch[index];
    if (last === undefined) return;
    taken.at = { peaks: last.peaks, segment: last.segment, offset: last.end };
  }

  /** Records from `size` on were cut: a copy that holds them is void. */
  forget(size: number): void {
    if (this.#taken !== undefined && this.#taken.seq > size) this.#taken = undefined;
  }

  /** Runs after each checkpoint, which covers `covered` records. */
  async take(covered: number, closing: boolean): Promise<void> {
    const { snapshots, fold, writer, cache, every } = this.#options;
    await cache.flush();
    if (snapshots === undefined) return;
    const { sequenced } = writer;
    const due = closing ? sequenced > this.#saved : sequenced - this.#saved >= every;
    if (due && (this.#taken === undefined || closing)) {
      const durable = writer.durable();
      const idle = durable.size === sequenced;
      const at = idle ? { peaks: durable.peaks, ...writer.end } : undefined;
      if (at !== undefined || !closing)
        this.#taken = { seq: sequenced, states: fold.capture(), maxTs: writer.lastTs, at };
    }
    const taken = this.#taken;
    if (taken?.at === undefined || taken.seq > covered) return;
    this.#taken = undefined;
    await this.#save(snapshots, taken, taken.at);
  }

  async #save(snapshots: Snapshots, taken: Taken, at: NonNullable<Taken['at']>): Promise<void> {
    const { fs, dir } = this.#options;
    const place = { size: taken.seq, peaks: at.peaks, maxTs: taken.maxTs, segment: 0, offset: at.offset };
    await saveHead(fs, dir, place, at.segment);
    await snapshots.save({ seq: taken.seq, root: toHex(rootOf(at.peaks)), states: taken.states });
    this.#saved = taken.seq;
  }
}
