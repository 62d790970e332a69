import { endianness } from 'node:os';
import { HASH_BYTES } from './merkle.ts';
import {
  BASE,
  K,
  K_AT,
  LAST_AT,
  MASK_AT,
  TAIL_AT,
  VECTOR,
  W_AT,
  compress,
  fillLastBlocks,
  loadQuarter,
  start,
  storeHashes,
  swapped,
  transpose,
} from './sha256-block.ts';
import {
  and,
  anyTrue,
  assemble,
  below,
  bitAnd,
  bitmask,
  call,
  four,
  get,
  i32,
  left,
  load,
  load32,
  load8,
  loop,
  minus,
  or,
  plus,
  right,
  same,
  sameBytes,
  set,
  sixteen,
  store,
  store32,
  store8,
  sum,
  times,
  trailingZeros,
  when,
  type Code,
} from './wasm.ts';

/*
 * SHA-256 (FIPS 180-4) of four messages side by side, one in each lane of WebAssembly's 128-bit vectors. A one-shot
 * `crypto.hash` call costs ten times the arithmetic of one block, so for messages of a few blocks this is faster even than
 * a processor's own SHA instructions. The module is assembled at first use (it would be no easier to read as a blob), and
 * has no imports.
 */

const NEWLINE = 0x0a;

/* Functions of the module. */
const COMPRESS = 0;
const COMPRESS_PREPARED = 1;

/** (from, to, groups): SHA-256(0x01 ‖ row) of `groups` times four rows of 64 bytes, into rows of 32 bytes. */
function hashPairs(): Code {
  const [from, to, groups, v] = [0, 1, 2, 3];
  // The message is one byte longer than the row: it is read from the byte before, which the 0x01 then covers.
  const prefixed = or(and(get(v), four(0x00ffffff)), four(0x01000000));
  const quarter = (q: number): Code =>
    times(4, (n) =>
      set(v + n, load(get(from), 64 * n + VECTOR * q)).concat(set(v + n, swapped(v + n))),
    ).concat(
      transpose(v),
      times(4, (i) => store(BASE, W_AT + VECTOR * (4 * q + i), q + i === 0 ? prefixed : get(v + i))),
    );
  // Second block: the last byte, then the padding. There are only 256 of them.
  const [q, row] = [v + 8, v + 9];
  const lastQuarter = times(4, (n) => set(v + n, load(sum(get(row + n), get(q)), LAST_AT))).concat(
    transpose(v),
    times(4, (i) => store(left(get(q), 2), W_AT + VECTOR * i, get(v + i))),
    set(q, plus(get(q), VECTOR)),
    below(get(q), i32(16 * VECTOR)),
  );
  const group = start.concat(
    times(4, quarter),
    call(COMPRESS),
    times(4, (n) => set(row + n, left(load8(get(from), 64 * n + 64), 8))),
    set(q, i32(0)),
    loop(lastQuarter),
    call(COMPRESS_PREPARED),
    storeHashes(
      v,
      () => get(to),
      (n) => HASH_BYTES * n,
    ),
    set(from, plus(get(from), 4 * 64)),
    set(to, plus(get(to), 4 * HASH_BYTES)),
    set(groups, plus(get(groups), -1)),
  );
  return set(from, plus(get(from), -1)).concat(loop(group.concat(get(groups))));
}

/** Bytes of what `hashFour` is told of one message: its address, its length and where its hash goes. */
export const SLOT = 12;
/** Whole blocks, with the padding, that a message may have for `hashFour`. */
export const MIN_BLOCKS = 2;
export const MAX_BLOCKS = 12;

/** (slots, blocks): SHA-256 of four messages of any bytes whose padded lengths are this many blocks. */
function hashFour(): Code {
  const [slots, blocks, length, mask, last, v] = [0, 1, 6, 7, 8, 9];
  const p = (n: number): number => 2 + n;
  const tail = (n: number): number => TAIL_AT + 128 * n;
  // The padding needs room that the memory behind a message does not have: its last two blocks are copied. At least 56
  // and at most 119 of their 128 bytes are the message's.
  const copyTail = (n: number): Code =>
    set(p(n), load32(get(slots), SLOT * n)).concat(
      set(length, load32(get(slots), SLOT * n + 4)),
      set(last, plus(left(get(blocks), 6), -128)),
      set(mask, sum(minus(i32(MASK_AT + 128), get(length)), get(last))),
      set(last, sum(get(last), get(p(n)))),
      times(8, (i) => {
        const bytes = load(get(last), VECTOR * i);
        const masked = i < 3 ? bytes : and(bytes, load(get(mask), VECTOR * i));
        return store(BASE, tail(n) + VECTOR * i, masked);
      }),
      store8(minus(i32(tail(n) + MASK_AT + 128), get(mask)), 0, i32(0x80)),
      store8(BASE, tail(n) + 126, right(get(length), 5)),
      store8(BASE, tail(n) + 127, left(get(length), 3)),
    );
  const quarter = (q: number): Code =>
    loadQuarter(v, (n) => get(p(n)), VECTOR * q).concat(
      times(4, (i) => store(BASE, W_AT + VECTOR * (4 * q + i), get(v + i))),
    );
  const block = when(
    same(get(blocks), i32(2)),
    times(4, (n) => set(p(n), i32(tail(n)))),
  ).concat(
    times(4, quarter),
    call(COMPRESS),
    times(4, (n) => set(p(n), plus(get(p(n)), 64))),
    set(blocks, plus(get(blocks), -1)),
  );
  return times(4, copyTail).concat(
    start,
    loop(block.concat(get(blocks))),
    storeHashes(
      v,
      (n) => load32(get(slots), SLOT * n + 8),
      () => 0,
    ),
  );
}

/**
 * (from, to, list): writes the address of every newline of [from, to) as an i32 to the list, and a zero byte in its place.
 * Leaves the address after the list. What stands in the 63 bytes from `to` on is found as well.
 */
function findLines(): Code {
  const [from, to, list, found, at] = [0, 1, 2, 3, 4];
  const newlines = (i: number): Code => sameBytes(load(get(from), VECTOR * i), sixteen(NEWLINE));
  const each = (i: number): Code =>
    set(at, plus(sum(get(from), trailingZeros(get(found))), VECTOR * i)).concat(
      store8(get(at), 0, i32(0)),
      store32(get(list), 0, get(at)),
      set(list, plus(get(list), 4)),
      set(found, bitAnd(get(found), plus(get(found), -1))),
    );
  // Most stretches of 64 bytes have none.
  const some = anyTrue(or(or(newlines(0), newlines(1)), or(newlines(2), newlines(3))));
  const step = when(
    some,
    times(4, (i) =>
      set(found, bitmask(newlines(i))).concat(when(get(found), loop(each(i).concat(get(found))))),
    ),
  ).concat(set(from, plus(get(from), 4 * VECTOR)), below(get(from), get(to)));
  return loop(step).concat(get(list));
}

/** The part of the global that is used here; the library types that hold the whole of it are those of browsers. */
declare const WebAssembly:
  | undefined
  | {
      validate(code: Uint8Array): boolean;
      Module: new (code: Uint8Array) => object;
      Instance: new (module: object) => { exports: unknown };
    };

export interface Lanes {
  readonly memory: { readonly buffer: ArrayBuffer };
  hashPairs(from: number, to: number, groups: number): void;
  hashFour(slots: number, blocks: number): void;
  findLines(from: number, to: number, list: number): number;
}

/** The compiled module with a memory of so many bytes, which other threads may use too; undefined on a machine without. */
export function compileLanes(bytes: number): object | undefined {
  // The functions are a processor's vectors at work, and see memory as it does.
  if (typeof WebAssembly === 'undefined' || endianness() !== 'LE') return undefined;
  const code = assemble(Math.ceil(bytes / (64 * 1024)), [
    {
      params: 0,
      locals: [
        [12, 'v128'],
        [1, 'i32'],
      ],
      code: compress(),
    },
    {
      params: 0,
      locals: [
        [12, 'v128'],
        [1, 'i32'],
      ],
      code: compress(true),
    },
    {
      name: 'hashPairs',
      params: 3,
      locals: [
        [8, 'v128'],
        [5, 'i32'],
      ],
      code: hashPairs(),
    },
    {
      name: 'hashFour',
      params: 2,
      locals: [
        [7, 'i32'],
        [8, 'v128'],
      ],
      code: hashFour(),
    },
    { name: 'findLines', params: 3, result: true, locals: [[2, 'i32']], code: findLines() },
  ]);
  return WebAssembly.validate(code) ? new WebAssembly.Module(code) : undefined;
}

/** A memory of its own with the functions over it. */
export function startLanes(module: object): Lanes {
  if (typeof WebAssembly === 'undefined') throw new TypeError('there is no WebAssembly');
  const lanesOf = new WebAssembly.Instance(module).exports as Lanes;
  const { buffer } = lanesOf.memory;
  const words = new DataView(buffer);
  for (const [i, k] of K.entries())
    for (let lane = 0; lane < 4; lane++) words.setUint32(K_AT + VECTOR * i + 4 * lane, k, true);
  new Uint8Array(buffer, MASK_AT, 128).fill(0xff);
  fillLastBlocks(new Uint32Array(buffer, LAST_AT, 256 * 64));
  return lanesOf;
}
