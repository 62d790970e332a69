/*
 * SHA-256(0x01 ‖ left ‖ right) of many pairs at once, four side by side in the lanes of WebAssembly's 128-bit vectors
 * (FIPS 180-4). A one-shot `crypto.hash` call of 65 bytes costs three times what its arithmetic does; this costs 60 % of
 * it. The module is assembled here at first use (11 KiB of code would be no easier to read as a blob), and has no imports.
 */

/** Bytes of a hash in memory. */
const HASH = 32;
const VECTOR = 16;
/* Memory: constants and message schedule, 64 vectors each; the eight words of state; rows from here on. */
const K_AT = 0;
const W_AT = 64 * VECTOR;
const STATE_AT = 2 * 64 * VECTOR;
/** One byte before it is read along with the first row. */
const ROWS_AT = 3 * 64 * VECTOR;
const PAGE = 64 * 1024;

// prettier-ignore
const K = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
// prettier-ignore
const INITIAL = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/* A small assembler (WebAssembly core 2.0, binary format): an expression is the code that leaves its value on the stack. */
type Code = number[];

function leb(n: number): Code {
  const out: Code = [];
  for (let left = n; ; left >>= 7) {
    const low = left & 0x7f;
    if (left >> 6 === 0 || left >> 6 === -1) return [...out, low];
    out.push(low | 0x80);
  }
}
/** An unsigned number; the signed form of a smaller one may need a byte more, but this one never does. */
const uleb = (n: number): Code => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...uleb(n >> 7)]);
const list = (items: readonly Code[]): Code => uleb(items.length).concat(...items);
const sized = (code: Code): Code => uleb(code.length).concat(code);
const text = (name: string): Code => sized([...Buffer.from(name)]);

const get = (local: number): Code => [0x20, local];
const set = (local: number, x: Code): Code => x.concat(0x21, local);
const i32 = (n: number): Code => [0x41, ...leb(n)];
const plus = (x: Code, n: number): Code => x.concat(i32(n), 0x6a);
const op2 =
  (...op: Code) =>
  (a: Code, b: Code): Code =>
    a.concat(b, 0xfd, op);
const add = op2(0xae, 0x01);
const xor = op2(0x51);
const or = op2(0x50);
const and = op2(0x4e);
const shl = (x: Code, n: number): Code => x.concat(i32(n), 0xfd, 0xab, 0x01);
const shr = (x: Code, n: number): Code => x.concat(i32(n), 0xfd, 0xad, 0x01);
const rotr = (x: Code, n: number): Code => or(shr(x, n), shl(x, 32 - n));
const load = (at: Code, offset: number): Code => at.concat(0xfd, 0x00, 0, uleb(offset));
const loadSplat = (at: Code, offset: number): Code => at.concat(0xfd, 0x09, 0, uleb(offset));
const store = (at: Code, offset: number, x: Code): Code => at.concat(x, 0xfd, 0x0b, 0, uleb(offset));
const four = (word: number): Code => i32(word | 0).concat(0xfd, 0x11);
const shuffle = (a: Code, b: Code, lanes: Code): Code => a.concat(b, 0xfd, 0x0d, lanes);
const times = (n: number, each: (i: number) => Code): Code =>
  Array.from({ length: n }, (_, i) => each(i)).flat();
/** Runs `body` while the i32 it leaves is not zero. */
const loop = (body: Code): Code => [0x03, 0x40].concat(body, 0x0d, 0, 0x0b);

const BASE = i32(0);

/** One block: W[0…16) and the state in memory → the state in memory. Locals: a … h, two vectors, a pointer. */
function compress(): Code {
  const [x, y, p] = [8, 9, 10];
  const w = (n: number): Code => load(get(p), W_AT + VECTOR * n);
  const sigma = (v: number, r: number, s: number, shift: number): Code =>
    xor(xor(rotr(get(v), r), rotr(get(v), s)), shr(get(v), shift));
  const sum = (v: number, r: number, s: number, t: number): Code =>
    xor(xor(rotr(get(v), r), rotr(get(v), s)), rotr(get(v), t));
  const schedule = (n: number): Code =>
    set(x, w(n - 15)).concat(
      set(y, w(n - 2)),
      set(x, add(add(w(n - 16), w(n - 7)), add(sigma(x, 7, 18, 3), sigma(y, 17, 19, 10)))),
      store(get(p), W_AT + VECTOR * n, get(x)),
    );
  // Instead of moving a … h along, round n takes them from n places further; after eight they are back.
  const round = (n: number, scheduled: boolean): Code => {
    const word = (i: number): number => (i + 16 - n) % 8;
    const [a, b, c, d, e, f, g, h] = [word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)];
    const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
    const majority = xor(and(get(a), get(b)), and(get(c), xor(get(a), get(b))));
    const input = add(add(get(h), load(get(p), K_AT + VECTOR * n)), get(x));
    return (scheduled ? schedule(n) : set(x, w(n))).concat(
      set(x, add(input, add(sum(e, 6, 11, 25), choice))),
      set(d, add(get(d), get(x))),
      set(h, add(get(x), add(sum(a, 2, 13, 22), majority))),
    );
  };
  const rounds = (scheduled: boolean): Code =>
    times(16, (n) => round(n, scheduled)).concat(set(p, plus(get(p), 16 * VECTOR)));
  return set(p, BASE).concat(
    times(8, (i) => set(i, load(BASE, STATE_AT + VECTOR * i))),
    rounds(false),
    loop(rounds(true).concat(get(p), i32(64 * VECTOR), 0x48)),
    times(8, (i) => store(BASE, STATE_AT + VECTOR * i, add(get(i), load(BASE, STATE_AT + VECTOR * i)))),
  );
}

const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
const lanes = (...words: number[]): Code => words.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]);

/** (from, to, groups): hashes `groups` times four rows of 64 bytes into rows of 32 bytes. */
function hashRows(): Code {
  const [from, to, groups] = [0, 1, 2];
  // Four vectors in locals 3 … 6 become their transpose: word i of each in vector i.
  const transpose = [
    set(7, shuffle(get(3), get(4), lanes(0, 4, 1, 5))),
    set(8, shuffle(get(5), get(6), lanes(0, 4, 1, 5))),
    set(9, shuffle(get(3), get(4), lanes(2, 6, 3, 7))),
    set(10, shuffle(get(5), get(6), lanes(2, 6, 3, 7))),
    set(3, shuffle(get(7), get(8), lanes(0, 1, 4, 5))),
    set(4, shuffle(get(7), get(8), lanes(2, 3, 6, 7))),
    set(5, shuffle(get(9), get(10), lanes(0, 1, 4, 5))),
    set(6, shuffle(get(9), get(10), lanes(2, 3, 6, 7))),
  ].flat();
  const swapped = (local: number): Code => shuffle(get(local), get(local), SWAP);
  // The message is one byte longer than the row: it is read from the byte before, which the 0x01 then covers.
  const prefixed = or(and(get(3), four(0x00ffffff)), four(0x01000000));
  const quarter = (q: number): Code =>
    times(4, (n) =>
      set(3 + n, load(get(from), 64 * n + VECTOR * q)).concat(set(3 + n, swapped(3 + n))),
    ).concat(
      transpose,
      times(4, (i) => store(BASE, W_AT + VECTOR * (4 * q + i), q + i === 0 ? prefixed : get(3 + i))),
    );
  // Second block: the last byte, then the padding. A little-endian word that ends with that byte has it where it belongs.
  const lastBytes = shuffle(
    shuffle(get(3), get(4), lanes(0, 4, 1, 5)),
    shuffle(get(5), get(6), lanes(0, 4, 1, 5)),
    lanes(0, 1, 4, 5),
  );
  const padding = (i: number): Code => store(BASE, W_AT + VECTOR * (i + 1), four(i === 14 ? 65 * 8 : 0));
  const half = (q: number): Code =>
    times(4, (i) => set(3 + i, load(BASE, STATE_AT + VECTOR * (4 * q + i)))).concat(
      transpose,
      times(4, (n) => store(get(to), HASH * n + VECTOR * q, swapped(3 + n))),
    );
  const call = [0x10, 0];
  const group = times(8, (i) => store(BASE, STATE_AT + VECTOR * i, four(INITIAL[i] ?? 0))).concat(
    times(4, quarter),
    call,
    times(4, (n) => set(3 + n, loadSplat(get(from), 64 * n + 61))),
    store(BASE, W_AT, or(and(lastBytes, four(0xff000000)), four(0x00800000))),
    times(15, padding),
    call,
    times(2, half),
    set(from, plus(get(from), 4 * 64)),
    set(to, plus(get(to), 4 * HASH)),
    set(groups, plus(get(groups), -1)),
  );
  return set(from, plus(get(from), -1)).concat(loop(group.concat(get(groups))));
}

function assemble(pages: number): Uint8Array<ArrayBuffer> {
  const [v128, i32t, end] = [0x7b, 0x7f, 0x0b];
  const body = (locals: readonly Code[], code: Code): Code => sized(list(locals).concat(code, end));
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  const types = section(1, [
    [0x60, 0, 0],
    [0x60, 3, i32t, i32t, i32t, 0],
  ]);
  const exported = section(7, [text('memory').concat(2, 0), text('hashRows').concat(0, 1)]);
  const code = section(10, [
    body(
      [
        [10, v128],
        [1, i32t],
      ],
      compress(),
    ),
    body([[8, v128]], hashRows()),
  ]);
  const magic = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  return Uint8Array.from(
    magic.concat(types, section(3, [[0], [1]]), section(5, [[0, ...uleb(pages)]]), exported, code),
  );
}

/** The part of the global that is used here; the library types that hold the whole of it are those of browsers. */
declare const WebAssembly: {
  Module: new (code: Uint8Array) => object;
  Instance: new (module: object) => { exports: unknown };
};
interface Exports {
  memory: { buffer: ArrayBuffer };
  hashRows(from: number, to: number, groups: number): void;
}

/** A fixed number of rows of 32 bytes whose neighbours can be hashed together. */
export class HashRows {
  readonly capacity: number;
  /** The rows, one behind another. */
  readonly bytes: Buffer;
  readonly #exports: Exports;

  constructor(capacity: number) {
    this.capacity = capacity;
    // Three rows pairs beyond the last: a group is always four.
    const pages = Math.ceil((ROWS_AT + (capacity + 8) * HASH) / PAGE);
    this.#exports = new WebAssembly.Instance(new WebAssembly.Module(assemble(pages))).exports as Exports;
    const { buffer } = this.#exports.memory;
    const words = new DataView(buffer);
    for (const [i, k] of K.entries())
      for (let lane = 0; lane < 4; lane++) words.setUint32(K_AT + VECTOR * i + 4 * lane, k, true);
    this.bytes = Buffer.from(buffer, ROWS_AT, capacity * HASH);
  }

  /** Row i becomes SHA-256(0x01 ‖ row from + 2i ‖ row from + 2i + 1), for i < pairs. Later rows are undefined then. */
  hashPairs(from: number, pairs: number): void {
    if (pairs < 1 || from + 2 * pairs > this.capacity) throw new RangeError('there are no such rows');
    this.#exports.hashRows(ROWS_AT + HASH * from, ROWS_AT, Math.ceil(pairs / 4));
  }
}
