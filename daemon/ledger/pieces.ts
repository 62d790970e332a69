import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { readFully } from '../durable.ts';
import { nodeFs } from '../fs.ts';
import type { Fs } from '../ports/fs.ts';
import { MAX_LINE_BYTES } from './chunks.ts';
import { seqOfLine } from './line-tail.ts';
import { scanPiece, type Piece, type Scanned } from './scan.ts';
import type { Segment } from './segments.ts';

const PIECE_BYTES = 4 * 1024 * 1024;
/** Below this a second thread costs more than it saves. */
const THREADS_FROM_BYTES = 16 * 1024 * 1024;

/**
 * Cuts segments into pieces that can be hashed side by side. Where a line's seq cannot be read the cut is left out; what a
 * piece claims to start with is compared with what the one before it ended with.
 */
export async function cutPieces(
  fs: Fs,
  segments: readonly Segment[],
  cuts: readonly number[],
): Promise<Piece[]> {
  const pieces: Piece[] = [];
  for (const segment of segments) {
    const starts = [{ from: 0, first: segment.first }];
    const file = await fs.open(segment.path, 'r');
    try {
      for (let at = PIECE_BYTES; at + PIECE_BYTES / 2 < segment.size; at += PIECE_BYTES) {
        const bytes = Buffer.alloc(Math.min(2 * (MAX_LINE_BYTES + 1), segment.size - at));
        await readFully(file, bytes, at);
        const start = bytes.indexOf(0x0a) + 1;
        const stop = bytes.indexOf(0x0a, start);
        const first = start > 0 && stop > 0 ? seqOfLine(bytes, start, stop) : -1;
        if (first > (starts.at(-1)?.first ?? 0)) starts.push({ from: at + start, first });
      }
    } finally {
      await file.close();
    }
    for (const [i, { from, first }] of starts.entries()) {
      const to = starts[i + 1]?.from ?? segment.size;
      pieces.push({ path: segment.path, from, to, first, cuts: [] });
    }
  }
  for (const cut of cuts) pieces.findLast((piece) => piece.first < cut)?.cuts.push(cut);
  return pieces;
}

/** Scans pieces, on threads when there is enough to do, and yields the results in order. */
export async function* scanPieces(
  fs: Fs,
  pieces: readonly Piece[],
): AsyncGenerator<{ piece: Piece; scanned: Scanned }, void, void> {
  const bytes = pieces.reduce((sum, piece) => sum + piece.to - piece.from, 0);
  const threads = Math.min(availableParallelism(), 8, pieces.length);
  if (fs !== nodeFs || bytes < THREADS_FROM_BYTES || threads < 2) {
    for (const piece of pieces) yield { piece, scanned: await scanPiece(fs, piece) };
    return;
  }
  const pool = new Pool(threads, pieces);
  try {
    for (const [id, piece] of pieces.entries()) yield { piece, scanned: await pool.result(id) };
  } finally {
    await pool.stop();
  }
}

/** This thread and a few more take pieces from one pile. */
class Pool {
  readonly #workers: Worker[];
  readonly #pieces: readonly Piece[];
  readonly #results: PromiseWithResolvers<Scanned>[];
  #next = 0;

  constructor(threads: number, pieces: readonly Piece[]) {
    this.#pieces = pieces;
    this.#results = pieces.map(() => Promise.withResolvers<Scanned>());
    // A result that nobody comes to ask for, because an earlier piece was broken, is no unhandled rejection.
    for (const { promise } of this.#results) promise.catch(() => {});
    this.#workers = Array.from({ length: threads - 1 }, () => this.#hire());
    this.#work().catch((error: unknown) => this.#fail(error));
  }

  result(id: number): Promise<Scanned> {
    return this.#results[id]?.promise ?? Promise.reject(new RangeError('no such piece'));
  }

  async stop(): Promise<void> {
    this.#next = this.#pieces.length;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  async #work(): Promise<void> {
    while (this.#next < this.#pieces.length) {
      const id = this.#next++;
      const piece = this.#pieces[id];
      if (piece !== undefined) this.#results[id]?.resolve(await scanPiece(nodeFs, piece));
    }
  }

  #hire(): Worker {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url));
    // It asks for its first piece once it is up, so that a slow start does not sit on one.
    worker.on('message', (message: { id?: number; result?: Scanned; error?: string }) => {
      if (message.error !== undefined) this.#fail(new Error(message.error));
      else if (message.id !== undefined && message.result !== undefined)
        this.#results[message.id]?.resolve(message.result);
      const piece = this.#pieces[this.#next];
      if (piece !== undefined) worker.postMessage({ id: this.#next++, piece });
    });
    worker.on('error', (error) => this.#fail(error));
    return worker;
  }

  #fail(error: unknown): void {
    for (const { reject } of this.#results) reject(error);
  }
}
