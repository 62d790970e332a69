import { getCompileCacheDir } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { readFully } from '../durable.ts';
import { nodeFs } from '../fs.ts';
import type { FileHandle, Fs } from '../ports/fs.ts';
import { blockingSource } from './blocking.ts';
import { MAX_LINE_BYTES } from './chunks.ts';
import { seqOfLine } from './line-tail.ts';
import { lanesModule } from './hasher.ts';
import { scanWork, type Piece, type Scanned, type Source, type Work } from './scan.ts';
import type { Segment } from './segments.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** Below this a second thread costs more than it saves. */
const THREADS_FROM_BYTES = 16 * 1024 * 1024;

/**
 * Cuts segments into pieces that can be hashed side by side. Where a line's seq cannot be read the cut is left out; what a
 * piece claims to start with is compared with what the one before it ended with.
 */
async function cutPieces(
  source: Source,
  segments: readonly Segment[],
  cuts: readonly number[],
): Promise<Piece[]> {
  const pieces = (await Promise.all(segments.map((segment) => cutSegment(source, segment)))).flat();
  for (const cut of cuts) pieces.findLast((piece) => piece.first < cut)?.cuts.push(cut);
  return pieces;
}

async function cutSegment(source: Source, segment: Segment): Promise<Piece[]> {
  const pieces: Piece[] = [];
  let piece: Piece = { path: segment.path, from: 0, to: segment.size, first: segment.first, cuts: [] };
  const file = await source.open(segment.path, 'r');
  try {
    for (let at = PIECE_BYTES; at + PIECE_BYTES / 2 < segment.size; at += PIECE_BYTES) {
      const line = await lineAfter(file, at, segment.size);
      if (line === undefined || line.seq <= piece.first) continue;
      pieces.push({ ...piece, to: line.from });
      piece = { ...piece, from: line.from, first: line.seq, cuts: [] };
    }
  } finally {
    await file.close();
  }
  return [...pieces, piece];
}

/** The first whole line that begins after byte `at`. Most are short; the longest two may have to be read. */
async function lineAfter(
  file: Pick<FileHandle, 'read'>,
  at: number,
  size: number,
): Promise<{ from: number; seq: number } | undefined> {
  for (const length of [4096, 2 * (MAX_LINE_BYTES + 1)]) {
    const bytes = Buffer.allocUnsafe(Math.min(length, size - at));
    const got = await readFully(file, bytes, at);
    const start = bytes.subarray(0, got).indexOf(0x0a) + 1;
    const stop = bytes.subarray(0, got).indexOf(0x0a, start);
    if (start === 0 || stop < 0) continue;
    const seq = seqOfLine(bytes, start, stop);
    return seq < 0 ? undefined : { from: at + start, seq };
  }
  return undefined;
}

/** Scans pieces: on this thread and, when there is enough to do, on more, which start while the pieces are being cut. */
export class Scanner {
  readonly #source: Source;
  readonly #segments: readonly Segment[];
  readonly #big: boolean;
  readonly #workers: Worker[] = [];
  readonly #next = new Int32Array(new SharedArrayBuffer(4));
  #results: PromiseWithResolvers<Scanned>[] = [];
  #failure: Error | undefined;

  /** @param blocking Whether this thread may wait for its reads: nobody else needs it. */
  constructor(fs: Fs, segments: readonly Segment[], blocking = false) {
    this.#source = blocking && fs === nodeFs ? blockingSource : fs;
    this.#segments = segments;
    const bytes = segments.reduce((sum, segment) => sum + segment.size, 0);
    this.#big = bytes >= THREADS_FROM_BYTES;
    const threads = Math.min(availableParallelism(), 8, Math.ceil(bytes / PIECE_BYTES));
    if (fs !== nodeFs || !this.#big) return;
    for (let i = 1; i < threads; i++) this.#workers.push(this.#hire());
  }

  /**
   * Yields the results in order. To be called once.
   *
   * @param cuts Tree sizes at which the tree is wanted.
   */
  async *scan(cuts: readonly number[]): AsyncGenerator<{ piece: Piece; scanned: Scanned }, void, void> {
    const pieces = await cutPieces(this.#source, this.#segments, cuts);
    this.#results = pieces.map(() => Promise.withResolvers<Scanned>());
    // A result that nobody comes to ask for, because an earlier piece was broken, is no unhandled rejection.
    for (const { promise } of this.#results) promise.catch(() => {});
    if (this.#failure !== undefined) this.#fail(this.#failure);
    // Making the module takes as long as hashing some thousand lines by calls.
    const work: Work = { pieces, next: this.#next, lanes: this.#big ? lanesModule() : undefined };
    for (const worker of this.#workers) worker.postMessage(work);
    scanWork(this.#source, work, (id, result) => this.#results[id]?.resolve(result)).catch((error: unknown) =>
      this.#fail(error),
    );
    for (const [id, piece] of pieces.entries()) {
      const result = this.#results[id];
      if (result !== undefined) yield { piece, scanned: await result.promise };
    }
  }

  async stop(): Promise<void> {
    Atomics.store(this.#next, 0, this.#results.length);
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #hire(): Worker {
    // Without the cache a thread spends twice the time on loading its few modules.
    const cache = getCompileCacheDir();
    const env = cache === undefined ? {} : { NODE_COMPILE_CACHE: dirname(cache) };
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), { env });
    worker.on('message', ({ id, result }: { id: number; result: Scanned }) =>
      this.#results[id]?.resolve(result),
    );
    worker.on('error', (error) => this.#fail(error));
    return worker;
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    for (const { reject } of this.#results) reject(this.#failure);
  }
}
