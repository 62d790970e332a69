import type { LedgerRecord, RecordBody, RecordType } from '../../contracts/record.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { AppendResult, Head, Ledger } from '../ports/ledger.ts';
import type { CheckpointSigner } from '../ports/keys.ts';
import type { Fold, Snapshots } from '../ports/state.ts';
import type { LeafCache } from './cache.ts';
import { Checkpointer } from './checkpoints.ts';
import { rootOf, toHex } from './merkle.ts';
import { readRecords } from './read.ts';
import { snapshotPlace } from './recover.ts';
import type { SegmentFile } from './segment-file.ts';
import { listSegments, segmentName, type Segment } from './segments.ts';
import { SnapshotTaker } from './snapshot-taker.ts';
import { START, walk, type Place } from './walk.ts';
import type { Written } from './writer-types.ts';
import { Writer } from './writer.ts';

interface Options {
  dir: string;
  fs: Fs;
  clock: Clock;
  signer: CheckpointSigner;
  fold: Fold;
  snapshots?: Snapshots;
  segmentBytes?: number;
  snapshotEvery?: number;
}

interface Opened {
  place: Place;
  segment: SegmentFile;
  segments: readonly Segment[];
  cache: LeafCache;
  /** Size of the newest checkpoint. */
  known: number;
  warn(what: string, error: unknown): void;
}

/** The Ledger port on JSONL segments. Made by openLedger. */
export class FileLedger implements Ledger {
  readonly #options: Options;
  readonly #opened: Opened;
  readonly #writer: Writer;
  readonly #checkpointer: Checkpointer;
  readonly #taker: SnapshotTaker;
  /** Replaced as a whole: an iterator of a Set makes an object for each listener of each record. */
  #listeners: readonly ((record: LedgerRecord) => void)[] = [];
  /** First seqs of the segments that hold durable records. */
  readonly #firsts: number[];
  #closing: Promise<void> | undefined;

  constructor(options: Options, opened: Opened) {
    const { fs, dir, clock, signer, fold } = options;
    const { place, segment, warn } = opened;
    this.#options = options;
    this.#opened = opened;
    this.#firsts = opened.segments.map((s) => s.first);
    this.#writer = new Writer(
      {
        fs,
        dir,
        clock,
        fold,
        warn,
        segmentBytes: options.segmentBytes ?? 64 * 1024 * 1024,
        written: (batch) => this.#written(batch),
        refold: (aside, size) => this.#refold(aside, size),
        sealed: () =>
          void this.#checkpointer.write(true).catch((error: unknown) => warn('checkpoint', error)),
      },
      place,
      segment,
    );
    this.#taker = new SnapshotTaker({
      fs,
      dir,
      fold,
      snapshots: options.snapshots,
      every: options.snapshotEvery ?? 5000,
      writer: this.#writer,
      cache: opened.cache,
    });
    this.#checkpointer = new Checkpointer(
      {
        fs,
        dir,
        clock,
        signer,
        warn,
        durable: () => this.#writer.durable(),
        after: (covered) => this.#taker.take(covered, this.#closing !== undefined),
      },
      opened.known,
    );
  }

  append<T extends RecordType>(
    type: T,
    body: RecordBody<T>,
    options?: { guard?: () => void },
  ): Promise<AppendResult<T>> {
    return this.#writer.append(type, body, options);
  }

  settled(): Promise<void> {
    return this.#writer.settled();
  }

  head(): Head {
    const { size, peaks } = this.#writer.durable();
    return { size, root: toHex(rootOf(peaks)) };
  }

  lastTs(): number {
    return this.#writer.lastTs;
  }

  async *read(from: number, { limit }: { limit?: number } = {}): AsyncGenerator<LedgerRecord, void, void> {
    const { size } = this.#writer.durable();
    const to = limit === undefined ? size : Math.min(size, from + limit);
    if (from < 0 || from >= to) return;
    const { dir, fs } = this.#options;
    const segments = this.#firsts.map((first) => {
      const name = segmentName(first);
      // Reading ends at `to`, so the size needs no asking for.
      return { first, name, path: `${dir}/${name}`, size: Number.MAX_SAFE_INTEGER };
    });
    yield* readRecords(fs, dir, segments, from, to);
  }

  subscribe(listener: (record: LedgerRecord) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  async checkpoint(): Promise<string> {
    await this.settled();
    return this.#checkpointer.write(true);
  }

  health(): { writable: true } | { writable: false; code: string; why: string } {
    return this.#writer.health();
  }

  /** Waits for what is queued, writes a last checkpoint and snapshot. Rejects when those fail; it is closed anyway. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#checkpointer.stop();
    await this.#writer.close();
    try {
      if (!this.#writer.broken && this.#writer.durable().size > 0) await this.#checkpointer.write(true);
    } finally {
      this.#checkpointer.stop();
      await this.#opened.cache.close();
    }
  }

  #written(batch: readonly Written[]): void {
    for (const { record, leaf, segment, offset } of batch) {
      if (this.#firsts.at(-1) !== segment) this.#firsts.push(segment);
      this.#opened.cache.add(record.seq, offset, leaf);
    }
    this.#taker.written(batch);
    this.#checkpointer.touch();
    if (this.#listeners.length === 0) return;
    for (const { record } of batch) {
      const listeners = this.#listeners;
      for (const listener of listeners) {
        // One before it may have ended it.
        if (listeners !== this.#listeners && !this.#listeners.includes(listener)) continue;
        try {
          listener(record);
        } catch (error) {
          this.#opened.warn(`a listener at record ${record.seq}`, error);
        }
      }
    }
  }

  async #refold(aside: Fold, size: number): Promise<void> {
    this.#taker.forget(size);
    const { fs, dir, snapshots } = this.#options;
    const { cache, warn } = this.#opened;
    const segments = await listSegments(fs, dir);
    const from = await snapshotPlace(segments, size, {
      fs,
      dir,
      fold: aside,
      snapshots,
      cache,
      fullCheckBytes: 0,
      warn,
    });
    const { place } = await walk(fs, segments, from ?? START, [], size, {
      record: (record) => aside.apply(record),
    });
    if (place.size !== size) throw new Error(`${place.size} records are left where ${size} were durable`);
  }
}
