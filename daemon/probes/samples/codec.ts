import type { Verdict } from '../../../contracts/watch.ts';

/** What one entry of the store says; the code is its place in this list (at most 15). */
export const CODES = [
  'up',
  'degraded',
  'down',
  'halted',
  'inconclusive',
  'slip',
] as const satisfies readonly (Verdict | 'slip')[];
export const SLIP = CODES.indexOf('slip');

/** Latencies are stored in steps of 10 µs … */
const UNITS_PER_MS = 100;
/** … up to 1,000 s, so that a latency with its verdict fits in 31 bits. */
const MAX_UNITS = 100_000_000;

/** Latency and code in one number: (units + 1) · 16 + code, or the code alone when nothing was measured. */
export function packed(code: number, ms: number | null): number {
  if (ms === null) return code;
  const units = Math.min(MAX_UNITS, Math.max(0, Math.round(ms * UNITS_PER_MS)));
  return (units + 1) * 16 + code;
}
/** The same for slips, whose figure is a count. */
export const packedSlip = (slots: number): number => (Math.min(MAX_UNITS, slots) + 1) * 16 + SLIP;
export const codeOf = (value: number): number => value & 15;
/** In units; −1 when nothing was measured. */
export const unitsOf = (value: number): number => (value >>> 4) - 1;
export const msOf = (units: number): number => units / UNITS_PER_MS;
export const unitsOfMs = (ms: number): number => ms * UNITS_PER_MS;

/** Longest varint here: 2^53 takes 8 bytes. */
export const MAX_VARINT = 8;

/** Writes an unsigned LEB128 number (up to 2^53); returns the position after it. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  while (rest >= 128) {
    into[to++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  into[to++] = rest;
  return to;
}

/** Signed numbers, small ones short: 0, −1, 1, −2 … */
export const zigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
export const unzigzag = (value: number): number => (value % 2 === 0 ? value / 2 : -(value + 1) / 2);

/** Reads numbers one after the other. Beyond the end it reads zeros and says so. */
export class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  /** Something was read that is not there. */
  torn = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; this.at < this.end; scale *= 128) {
      const byte = this.bytes[this.at++] ?? 0;
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
    this.torn = true;
    return 0;
  }
}
