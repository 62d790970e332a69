import { hash } from 'node:crypto';
import { HASH_BYTES, type Latin1Buffer } from './merkle.ts';
import { FREE_AT } from './sha256-block.ts';
import { MAX_BLOCKS, MIN_BLOCKS, SLOT, compileLanes, startLanes, type Lanes } from './sha256-lanes.ts';
import { plainLanes } from './sha256-plain.ts';

/** Hashes that are folded at once: what that takes and what it yields stays in the processor's cache. */
export const ROWS = 8192;
const INPUT_BYTES = 256 * 1024;

/* Memory. Up to eight rows and 72 bytes more are written and read than are meant. */
const GROUP = 4 * SLOT;
const SLOTS_AT = FREE_AT;
const ROWS_AT = SLOTS_AT + 1024;
const INPUT_AT = ROWS_AT + (ROWS + 8) * HASH_BYTES;
const INPUT_STEP = INPUT_BYTES + 256;
const LIST_AT = INPUT_AT + 2 * INPUT_STEP;
const MEMORY_BYTES = LIST_AT + 4 * (INPUT_BYTES + 256);

let module: object | undefined;
/** What hashes four messages at a time, for this thread and others; undefined on a machine that cannot. Compiled once. */
export const lanesModule = (): object | undefined => (module ??= compileLanes(MEMORY_BYTES));

/** Hashes lines where they were read to, and pairs of hashes: the work of a Merkle tree on memory of its own. */
export class Hasher {
  /** Where to read to: whole lines from byte 1 on. */
  readonly input: readonly [Buffer, Buffer];
  readonly #lanes: Lanes;
  readonly #memory: ArrayBuffer;
  readonly #rows: Latin1Buffer;
  readonly #slots: Int32Array;
  readonly #list: Int32Array;
  readonly #waiting = new Int32Array(MAX_BLOCKS + 1);
  /** Address of the byte before the first line. */
  #base = 0;

  /** @param lanes A lanesModule; without one every hash is a call of node:crypto. */
  constructor(lanes?: object) {
    this.#lanes = lanes === undefined ? plainLanes(MEMORY_BYTES) : startLanes(lanes);
    const { buffer } = this.#lanes.memory;
    this.#memory = buffer;
    this.#rows = Buffer.from(buffer, ROWS_AT, ROWS * HASH_BYTES) as Latin1Buffer;
    this.#slots = new Int32Array(buffer, SLOTS_AT, (GROUP / 4) * (MAX_BLOCKS + 1));
    this.#list = new Int32Array(buffer, LIST_AT);
    this.input = [
      Buffer.from(buffer, INPUT_AT, 1 + INPUT_BYTES),
      Buffer.from(buffer, INPUT_AT + INPUT_STEP, 1 + INPUT_BYTES),
    ];
  }

  /** How many lines stand in `bytes[1 … end)`, of one of the inputs. Their newlines become the 0x00 before a leaf (RFC 6962). */
  findLines(bytes: Buffer, end: number): number {
    if (end <= 1) return 0;
    bytes[0] = 0;
    this.#base = bytes.byteOffset;
    const after = this.#lanes.findLines(this.#base + 1, this.#base + end, LIST_AT);
    let count = (after - LIST_AT) / 4;
    while (count > 0 && (this.#list[count - 1] ?? 0) >= this.#base + end) count--;
    return count;
  }

  /** Row `row + i` becomes the leaf hash of line `first + i` of those found last, for i < count. */
  hashLines(first: number, count: number, row: number): void {
    if (row + count > ROWS) throw new RangeError('there are no such rows');
    const [list, slots, waiting] = [this.#list, this.#slots, this.#waiting];
    let start = first === 0 ? this.#base : (list[first - 1] ?? 0);
    let to = ROWS_AT + HASH_BYTES * row;
    for (let i = first; i < first + count; i++) {
      const stop = list[i] ?? 0;
      const length = stop - start;
      // 0x80 and eight bytes of length are added.
      const blocks = (length + 9 + 63) >>> 6;
      if (blocks < MIN_BLOCKS || blocks > MAX_BLOCKS) this.#hashOne(start, length, to);
      else {
        const waits = waiting[blocks] ?? 0;
        const slot = (GROUP * blocks + SLOT * waits) / 4;
        slots[slot] = start;
        slots[slot + 1] = length;
        slots[slot + 2] = to;
        waiting[blocks] = (waits + 1) & 3;
        if (waits === 3) this.#lanes.hashFour(SLOTS_AT + GROUP * blocks, blocks);
      }
      start = stop;
      to += HASH_BYTES;
    }
    for (let blocks = MIN_BLOCKS; blocks <= MAX_BLOCKS; blocks++) {
      const end = (GROUP * blocks + SLOT * (waiting[blocks] ?? 0)) / 4;
      for (let slot = (GROUP * blocks) / 4; slot < end; slot += SLOT / 4)
        this.#hashOne(slots[slot] ?? 0, slots[slot + 1] ?? 0, slots[slot + 2] ?? 0);
      waiting[blocks] = 0;
    }
  }

  /** Row i becomes SHA-256(0x01 ‖ row from + 2i ‖ row from + 2i + 1), for i < pairs. Later rows are undefined then. */
  hashPairs(from: number, pairs: number): void {
    if (pairs < 1 || from + 2 * pairs > ROWS) throw new RangeError('there are no such rows');
    this.#lanes.hashPairs(ROWS_AT + HASH_BYTES * from, ROWS_AT, Math.ceil(pairs / 4));
  }

  /** The hash in a row. */
  row(row: number): string {
    return this.#rows.latin1Slice(HASH_BYTES * row, HASH_BYTES * (row + 1));
  }

  #hashOne(at: number, length: number, to: number): void {
    const leaf = hash('sha256', new Uint8Array(this.#memory, at, length), 'binary');
    this.#rows.latin1Write(leaf, to - ROWS_AT, HASH_BYTES);
  }
}
