import {
  add,
  and,
  below,
  four,
  get,
  i32,
  load,
  loop,
  plus,
  rotr,
  set,
  shr,
  shuffle,
  store,
  times,
  xor,
  type Code,
} from './wasm.ts';

/* One block of SHA-256 (FIPS 180-4) of four messages, one in each lane: what the functions of the module are made of. */

export const VECTOR = 16;
/* Memory: constants and message schedule, 64 vectors each; the eight words of state; then what is said below. */
export const K_AT = 0;
export const W_AT = 64 * VECTOR;
const STATE_AT = 2 * 64 * VECTOR;
/** 128 bytes of ones before 128 bytes of zeros: from 128 − n on, a mask for n bytes. */
export const MASK_AT = STATE_AT + 8 * VECTOR;
/** The last two blocks of each of the four messages, padded. */
export const TAIL_AT = MASK_AT + 256;
/** For each byte there is: the 64 words of a block that consists of it and the padding after 65 bytes, constants added. */
export const LAST_AT = 4096;
/** The caller's memory begins here; one byte before it is read. */
export const FREE_AT = LAST_AT + 256 * 256;

// prettier-ignore
export const K = [
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

/** What stands from LAST_AT on: W[0…64) + K[0…64) of the last block of a message of 65 bytes, for each byte it may end with. */
export function fillLastBlocks(words: Uint32Array): void {
  const w = new Int32Array(64);
  for (let byte = 0; byte < 256; byte++) {
    w.fill(0);
    w[0] = (byte << 24) | 0x00800000;
    w[15] = 65 * 8;
    for (let n = 0; n < 64; n++) {
      if (n >= 16) {
        const x = w[n - 15] ?? 0;
        const y = w[n - 2] ?? 0;
        const small0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const small1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        w[n] = ((w[n - 16] ?? 0) + small0 + (w[n - 7] ?? 0) + small1) | 0;
      }
      words[64 * byte + n] = ((w[n] ?? 0) + (K[n] ?? 0)) | 0;
    }
  }
}

export const BASE = i32(0);

/**
 * One block: W[0…16) and the state in memory → the state in memory. Locals: a … h, four vectors, a pointer.
 *
 * @param prepared All of W[0…64) is there already, with the constants added.
 */
export function compress(prepared = false): Code {
  const [x, y, p] = [8, 9, 12];
  const w = (n: number): Code => load(get(p), W_AT + VECTOR * n);
  const sigma = (v: number, r: number, s: number, shift: number): Code =>
    xor(xor(rotr(get(v), r), rotr(get(v), s)), shr(get(v), shift));
  const sigmas = (v: number, r: number, s: number, t: number): Code =>
    xor(xor(rotr(get(v), r), rotr(get(v), s)), rotr(get(v), t));
  const schedule = (n: number): Code =>
    set(x, w(n - 15)).concat(
      set(y, w(n - 2)),
      set(x, add(add(w(n - 16), w(n - 7)), add(sigma(x, 7, 18, 3), sigma(y, 17, 19, 10)))),
      store(get(p), W_AT + VECTOR * n, get(x)),
    );
  // Instead of moving a … h along, round n takes them from n places further; after eight they are back.
  const round = (n: number, scheduled: boolean): Code => {
    const word = (i: number): number => (i + 8 - n) % 8;
    const [a, b, , d, e, f, g, h] = [word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7)];
    const choice = xor(get(g), and(get(e), xor(get(f), get(g))));
    // maj(a, b, c) = b ⊕ (a⊕b ∧ b⊕c), and this round's a⊕b is the next one's b⊕c.
    const [ab, bc] = n % 2 === 0 ? [10, 11] : [11, 10];
    const majority = xor(get(b), and(get(ab), get(bc)));
    const input = prepared ? add(get(h), get(x)) : add(add(get(h), load(get(p), K_AT + VECTOR * n)), get(x));
    return (scheduled ? schedule(n) : set(x, w(n))).concat(
      set(x, add(input, add(sigmas(e, 6, 11, 25), choice))),
      set(d, add(get(d), get(x))),
      set(ab, xor(get(a), get(b))),
      set(h, add(get(x), add(sigmas(a, 2, 13, 22), majority))),
    );
  };
  const rounds = (scheduled: boolean, until: number): Code =>
    loop(
      times(8, (n) => round(n, scheduled)).concat(
        set(p, plus(get(p), 8 * VECTOR)),
        below(get(p), i32(until * VECTOR)),
      ),
    );
  return set(p, BASE).concat(
    times(8, (i) => set(i, load(BASE, STATE_AT + VECTOR * i))),
    set(11, xor(get(1), get(2))),
    ...(prepared ? [rounds(false, 64)] : [rounds(false, 16), rounds(true, 64)]),
    times(8, (i) => store(BASE, STATE_AT + VECTOR * i, add(get(i), load(BASE, STATE_AT + VECTOR * i)))),
  );
}

const SWAP = [3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12];
export const lanes = (...words: number[]): Code =>
  words.flatMap((w) => [4 * w, 4 * w + 1, 4 * w + 2, 4 * w + 3]);
export const swapped = (local: number): Code => shuffle(get(local), get(local), SWAP);

/** Four vectors in locals v … v + 3 become their transpose (word i of each in vector i), by way of the next four. */
export const transpose = (v: number): Code =>
  [
    set(v + 4, shuffle(get(v), get(v + 1), lanes(0, 4, 1, 5))),
    set(v + 5, shuffle(get(v + 2), get(v + 3), lanes(0, 4, 1, 5))),
    set(v + 6, shuffle(get(v), get(v + 1), lanes(2, 6, 3, 7))),
    set(v + 7, shuffle(get(v + 2), get(v + 3), lanes(2, 6, 3, 7))),
    set(v, shuffle(get(v + 4), get(v + 5), lanes(0, 1, 4, 5))),
    set(v + 1, shuffle(get(v + 4), get(v + 5), lanes(2, 3, 6, 7))),
    set(v + 2, shuffle(get(v + 6), get(v + 7), lanes(0, 1, 4, 5))),
    set(v + 3, shuffle(get(v + 6), get(v + 7), lanes(2, 3, 6, 7))),
  ].flat();

/** A quarter of a block of each message: 16 bytes at `offset` from each address. */
export const loadQuarter = (v: number, at: (n: number) => Code, offset: number): Code =>
  times(4, (n) => set(v + n, load(at(n), offset)).concat(set(v + n, swapped(v + n)))).concat(transpose(v));
export const start = times(8, (i) => store(BASE, STATE_AT + VECTOR * i, four(INITIAL[i] ?? 0)));
/** The state as four hashes at these addresses. */
export const storeHashes = (v: number, at: (n: number) => Code, offset: (n: number) => number): Code =>
  times(2, (q) =>
    times(4, (i) => set(v + i, load(BASE, STATE_AT + VECTOR * (4 * q + i)))).concat(
      transpose(v),
      times(4, (n) => store(at(n), offset(n) + VECTOR * q, swapped(v + n))),
    ),
  );
