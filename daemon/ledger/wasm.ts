/*
 * A small assembler (WebAssembly core 2.0, binary format): an expression is the code that leaves its value on the stack.
 * Values are i32 or v128; a local and a parameter is named by its number.
 */
export type Code = number[];

function leb(n: number): Code {
  const out: Code = [];
  for (let left = n; ; left >>= 7) {
    const low = left & 0x7f;
    // The sign is bit 6 of the last byte.
    if (left >> 6 === 0 || left >> 6 === -1) return [...out, low];
    out.push(low | 0x80);
  }
}
const uleb = (n: number): Code => (n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...uleb(n >> 7)]);
const list = (items: readonly Code[]): Code => uleb(items.length).concat(...items);
const sized = (code: Code): Code => uleb(code.length).concat(code);
const text = (name: string): Code => sized([...Buffer.from(name)]);

export const get = (local: number): Code => [0x20, local];
export const set = (local: number, x: Code): Code => x.concat(0x21, local);
export const times = (n: number, each: (i: number) => Code): Code =>
  Array.from({ length: n }, (_, i) => each(i)).flat();
/** Runs `body` again while the i32 it leaves is not zero. */
export const loop = (body: Code): Code => [0x03, 0x40].concat(body, 0x0d, 0, 0x0b);
export const when = (x: Code, body: Code): Code => x.concat(0x04, 0x40, body, 0x0b);
export const call = (f: number): Code => [0x10, f];

export const i32 = (n: number): Code => [0x41, ...leb(n)];
export const plus = (x: Code, n: number): Code => x.concat(i32(n), 0x6a);
const op =
  (...codes: Code) =>
  (a: Code, b: Code): Code =>
    a.concat(b, codes);
export const sum = op(0x6a);
export const minus = op(0x6b);
export const same = op(0x46);
export const below = op(0x49);
export const bitAnd = op(0x71);
export const left = (x: Code, n: number): Code => x.concat(i32(n), 0x74);
export const right = (x: Code, n: number): Code => x.concat(i32(n), 0x76);
export const trailingZeros = (x: Code): Code => x.concat(0x68);
export const load32 = (at: Code, offset: number): Code => at.concat(0x28, 0, uleb(offset));
export const load8 = (at: Code, offset: number): Code => at.concat(0x2d, 0, uleb(offset));
export const store32 = (at: Code, offset: number, x: Code): Code => at.concat(x, 0x36, 0, uleb(offset));
export const store8 = (at: Code, offset: number, x: Code): Code => at.concat(x, 0x3a, 0, uleb(offset));

/* Vectors: four lanes of 32 bits, except where bytes are said. */
export const add = op(0xfd, 0xae, 0x01);
export const xor = op(0xfd, 0x51);
export const or = op(0xfd, 0x50);
export const and = op(0xfd, 0x4e);
const shl = (x: Code, n: number): Code => x.concat(i32(n), 0xfd, 0xab, 0x01);
export const shr = (x: Code, n: number): Code => x.concat(i32(n), 0xfd, 0xad, 0x01);
export const rotr = (x: Code, n: number): Code => or(shr(x, n), shl(x, 32 - n));
export const load = (at: Code, offset: number): Code => at.concat(0xfd, 0x00, 0, uleb(offset));
export const store = (at: Code, offset: number, x: Code): Code => at.concat(x, 0xfd, 0x0b, 0, uleb(offset));
export const four = (word: number): Code => i32(word | 0).concat(0xfd, 0x11);
export const sixteen = (byte: number): Code => i32(byte).concat(0xfd, 0x0f);
export const sameBytes = op(0xfd, 0x23);
/** Whether any bit is set. */
export const anyTrue = (x: Code): Code => x.concat(0xfd, 0x53);
/** One bit a byte: its highest. */
export const bitmask = (x: Code): Code => x.concat(0xfd, 0x64);
export const shuffle = (a: Code, b: Code, bytes: Code): Code => a.concat(b, 0xfd, 0x0d, bytes);

export interface Func {
  name?: string;
  /** All of them i32. */
  params: number;
  /** Whether it leaves an i32. */
  result?: boolean;
  /** How many of which type, in order, after the parameters. */
  locals: readonly (readonly [number, 'i32' | 'v128'])[];
  code: Code;
}

/** A module of these functions and a memory of so many pages of 64 KiB, all exported under their names. */
export function assemble(pages: number, funcs: readonly Func[]): Uint8Array<ArrayBuffer> {
  const [v128, i32t, end] = [0x7b, 0x7f, 0x0b];
  const section = (id: number, items: readonly Code[]): Code => [id, ...sized(list(items))];
  const types = funcs.map(({ params, result }): Code => {
    const given = Array.from({ length: params }, () => [i32t]);
    return [0x60, ...list(given), ...(result === true ? [1, i32t] : [0])];
  });
  const exported = funcs.flatMap(({ name }, i) => (name === undefined ? [] : [text(name).concat(0, i)]));
  const bodies = funcs.map(({ locals, code }) => {
    const kinds = locals.map(([count, type]) => [count, type === 'i32' ? i32t : v128]);
    return sized(list(kinds).concat(code, end));
  });
  return Uint8Array.from(
    [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0].concat(
      section(1, types),
      section(
        3,
        funcs.map((_, i) => [i]),
      ),
      section(5, [[0, ...uleb(pages)]]),
      section(7, [text('memory').concat(2, 0), ...exported]),
      section(10, bodies),
    ),
  );
}
