import type { Journal } from './journal.ts';
import { chunksIn, ChunkWriter, type Chunk } from './chunk.ts';

export const DAY_MS = 86_400_000;
/** Days since the epoch, UTC. */
export const dayOf = (at: number): number => Math.floor(at / DAY_MS);
/** `2026-11-25` */
export const dayName = (day: number): string => new Date(day * DAY_MS).toISOString().slice(0, 10);

/** The newest samples of one day, in memory until they are written as a table. Their journals hold them on disk. */
export class Head {
  readonly day: number;
  readonly #writers = new Map<string, ChunkWriter>();
  /** Where its samples stand on disk meanwhile, oldest first. */
  readonly journals: Pick<Journal, 'number' | 'path' | 'close'>[] = [];
  bytes = 0;
  samples = 0;
  /** When its first sample came, monotonic ms. */
  readonly born: number;

  constructor(day: number, born: number) {
    this.day = day;
    this.born = born;
  }

  add(probe: string, at: number, value: number): void {
    let writer = this.#writers.get(probe);
    if (writer === undefined) this.#writers.set(probe, (writer = new ChunkWriter()));
    const before = writer.bytes;
    writer.add(at, value);
    this.bytes += writer.bytes - before;
    this.samples += 1;
  }

  /** Sorted by name. */
  probes(): string[] {
    return [...this.#writers.keys()].toSorted();
  }

  seal(probe: string): Buffer {
    return this.#writers.get(probe)?.seal() ?? Buffer.alloc(0);
  }

  /** What it has of a probe, as if it were read from a file. */
  chunks(probe: string): Iterable<Chunk> {
    return chunksIn(this.seal(probe), () => undefined);
  }
}
