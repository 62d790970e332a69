import type { Verdict } from '../../../contracts/watch.ts';
import type { Bucket } from '../../ports/probes.ts';
import type { Chunk } from './chunk.ts';
import { CODES, SLIP, codeOf, msOf, unitsOf, unitsOfMs } from './codec.ts';
import { Sketch } from './sketch.ts';

/** Most buckets of one answer. */
export const MAX_BUCKETS = 2000;

const count = (sketch: Sketch | undefined, word: (typeof CODES)[number]): number =>
  sketch?.counts[CODES.indexOf(word)] ?? 0;

/** Makes the buckets of a chart out of chunks in any order. */
export class SeriesMaker {
  readonly #from: number;
  readonly #to: number;
  readonly #width: number;
  readonly #sketches: (Sketch | undefined)[];

  constructor(from: number, to: number, buckets: number) {
    const many = Math.max(1, Math.min(MAX_BUCKETS, Math.floor(buckets)));
    this.#from = from;
    this.#to = Math.max(to, from + 1);
    this.#width = (this.#to - from) / many;
    this.#sketches = Array.from({ length: many }, () => undefined);
  }

  add(chunk: Chunk): void {
    const [first, last] = [this.#place(chunk.earliest), this.#place(chunk.latest)];
    const inside = chunk.earliest >= this.#from && chunk.latest < this.#to;
    if (inside && first === last) chunk.into(this.#sketch(first));
    else
      chunk.samples((at, value) => {
        if (at >= this.#from && at < this.#to) this.#sketch(this.#place(at)).add(value);
      });
  }

  buckets(): Bucket[] {
    return this.#sketches.map((sketch, i) => {
      const p95 = sketch?.quantile(0.95) ?? null;
      const timed = sketch !== undefined && sketch.measured > 0;
      return {
        at: Math.round(this.#from + i * this.#width),
        up: count(sketch, 'up'),
        degraded: count(sketch, 'degraded'),
        down: count(sketch, 'down'),
        halted: count(sketch, 'halted'),
        inconclusive: count(sketch, 'inconclusive'),
        slips: count(sketch, 'slip'),
        min: timed ? msOf(sketch.min) : null,
        mean: timed ? msOf(sketch.sum / sketch.measured) : null,
        p95: p95 === null ? null : msOf(p95),
        max: timed ? msOf(sketch.max) : null,
      };
    });
  }

  #place(at: number): number {
    const place = Math.floor((at - this.#from) / this.#width);
    return Math.max(0, Math.min(this.#sketches.length - 1, place));
  }

  #sketch(place: number): Sketch {
    return (this.#sketches[place] ??= new Sketch());
  }
}

/** Counts good and bad samples. */
export class TallyMaker {
  readonly #from: number;
  readonly #to: number;
  readonly #slow: number;
  good = 0;
  bad = 0;

  constructor(from: number, to: number, slow: number | undefined) {
    this.#from = from;
    this.#to = to;
    this.#slow = slow === undefined ? Infinity : unitsOfMs(slow);
  }

  add(chunk: Chunk): void {
    if (chunk.earliest >= this.#from && chunk.latest < this.#to) {
      const sketch = new Sketch();
      chunk.into(sketch);
      if (sketch.max <= this.#slow) {
        this.good += count(sketch, 'up') + count(sketch, 'degraded');
        this.bad += count(sketch, 'down') + count(sketch, 'halted');
        return;
      }
    }
    chunk.samples((at, value) => {
      if (at >= this.#from && at < this.#to) this.#one(CODES[codeOf(value)], unitsOf(value));
    });
  }

  #one(word: (typeof CODES)[number] | undefined, units: number): void {
    if (word === 'down' || word === 'halted') this.bad += 1;
    if (word !== 'up' && word !== 'degraded') return;
    if (units > this.#slow) this.bad += 1;
    else this.good += 1;
  }
}

export interface RawSample {
  at: number;
  verdict: Verdict;
  ms: number | null;
}

/** Collects single samples. */
export class RawMaker {
  readonly #from: number;
  readonly #to: number;
  readonly #found: RawSample[] = [];

  constructor(from: number, to: number) {
    this.#from = from;
    this.#to = to;
  }

  add(chunk: Chunk): void {
    chunk.samples((at, value) => {
      const word = CODES[codeOf(value)];
      if (
        at < this.#from ||
        at >= this.#to ||
        word === undefined ||
        codeOf(value) === SLIP ||
        word === 'slip'
      )
        return;
      const units = unitsOf(value);
      this.#found.push({ at, verdict: word, ms: units < 0 ? null : msOf(units) });
    });
  }

  /** The newest `limit` of them, oldest first. */
  samples(limit: number): RawSample[] {
    return this.#found.toSorted((a, b) => a.at - b.at).slice(-limit);
  }
}
