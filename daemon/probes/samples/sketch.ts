import { CODES, MAX_VARINT, SLIP, codeOf, putVarint, unitsOf } from './codec.ts';
import type { Cursor } from './codec.ts';

/** Bins of the latency histogram: eight to a doubling, so that the middle of one is at most 4.5 % off. */
const PER_DOUBLING = 8;
/** 10 µs to 1,000 s. */
export const BINS = 216;

const binOf = (units: number): number =>
  units < 1 ? 0 : Math.min(BINS - 1, Math.floor(Math.log2(units) * PER_DOUBLING));
const middleOf = (bin: number): number => 2 ** ((bin + 0.5) / PER_DOUBLING);

/** What many samples have in common: counts by code, and the latencies as a histogram. Mergeable. */
export class Sketch {
  readonly counts = new Float64Array(CODES.length);
  /** Of the latencies, in units; Infinity without one. */
  min = Infinity;
  max = -Infinity;
  sum = 0;
  measured = 0;
  #bins: Uint32Array | undefined;

  add(value: number): void {
    const code = codeOf(value);
    const units = unitsOf(value);
    if (code === SLIP) {
      this.counts[SLIP] = (this.counts[SLIP] ?? 0) + units;
      return;
    }
    this.counts[code] = (this.counts[code] ?? 0) + 1;
    if (units < 0) return;
    if (units < this.min) this.min = units;
    if (units > this.max) this.max = units;
    this.sum += units;
    this.measured += 1;
    const bins = (this.#bins ??= new Uint32Array(BINS));
    const bin = binOf(units);
    bins[bin] = (bins[bin] ?? 0) + 1;
  }

  /** The latency that a share (0–1) of the samples does not exceed, in units, to 4.5 %; null without latencies. */
  quantile(share: number): number | null {
    if (this.measured === 0 || this.#bins === undefined) return null;
    let left = Math.ceil(share * this.measured);
    const bin = this.#bins.findIndex((count) => (left -= count) <= 0);
    return Math.min(this.max, Math.max(this.min, middleOf(bin)));
  }

  /** Bytes that `write` takes at most. */
  get room(): number {
    return (CODES.length + 5 + 2 * BINS) * MAX_VARINT;
  }

  write(into: Uint8Array, from: number): number {
    let at = from;
    for (const count of this.counts) at = putVarint(into, at, count);
    at = putVarint(into, at, this.measured);
    if (this.measured === 0) return at;
    at = putVarint(into, at, this.min);
    at = putVarint(into, at, this.max - this.min);
    at = putVarint(into, at, this.sum);
    const bins = this.#bins ?? new Uint32Array(0);
    at = putVarint(
      into,
      at,
      bins.reduce((used, count) => used + (count > 0 ? 1 : 0), 0),
    );
    let before = 0;
    for (const [bin, count] of bins.entries()) {
      if (count === 0) continue;
      at = putVarint(into, at, bin - before);
      at = putVarint(into, at, count);
      before = bin;
    }
    return at;
  }

  /** Takes over a written sketch without making an object of it. */
  merge(from: Cursor): void {
    for (let code = 0; code < CODES.length; code++)
      this.counts[code] = (this.counts[code] ?? 0) + from.varint();
    const measured = from.varint();
    if (measured === 0) return;
    this.measured += measured;
    const min = from.varint();
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, min + from.varint());
    this.sum += from.varint();
    const bins = (this.#bins ??= new Uint32Array(BINS));
    let bin = 0;
    for (let left = from.varint(); left > 0 && !from.torn; left--) {
      bin += from.varint();
      if (bin < BINS) bins[bin] = (bins[bin] ?? 0) + from.varint();
    }
  }
}
