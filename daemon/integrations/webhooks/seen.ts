import { sha256Hex } from '../../digest.ts';

/**
 * Keys of everything that ever came, 8 bytes each: three for a delivery. Open addressing in plain numbers, since a Set of
 * a million strings would take a hundred times as much. That two keys are alike by chance takes four thousand million.
 */
export class KeySet {
  #slots: Uint32Array;
  #size = 0;

  constructor(capacity = 1024) {
    this.#slots = new Uint32Array(capacity * 2);
  }

  get size(): number {
    return this.#size;
  }

  has(key: Key): boolean {
    return this.#slots[this.#find(key)] !== 0;
  }

  add(key: Key): void {
    const at = this.#find(key);
    if (this.#slots[at] !== 0) return;
    this.#slots[at] = key[0];
    this.#slots[at + 1] = key[1];
    this.#size++;
    if (this.#size * 4 > this.#slots.length) this.#grow();
  }

  /** All of them from `start` on, 8 bytes each, little-endian. */
  writeTo(into: Buffer, start: number): void {
    let to = start;
    for (let at = 0; at < this.#slots.length; at += 2) {
      const high = this.#slots[at] ?? 0;
      if (high === 0) continue;
      into.writeUInt32LE(high, to);
      into.writeUInt32LE(this.#slots[at + 1] ?? 0, to + 4);
      to += 8;
    }
  }

  /** Its slot, or the free one where it belongs. */
  #find([high, low]: Key): number {
    const mask = this.#slots.length - 2;
    for (let at = (low * 2) & mask; ; at = (at + 2) & mask) {
      const there = this.#slots[at];
      if (there === 0 || (there === high && this.#slots[at + 1] === low)) return at;
    }
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(old.length * 2);
    for (let at = 0; at < old.length; at += 2) {
      const high = old[at] ?? 0;
      if (high === 0) continue;
      const to = this.#find([high, old[at + 1] ?? 0]);
      this.#slots[to] = high;
      this.#slots[to + 1] = old[at + 1] ?? 0;
    }
  }
}

/** 64 bits of a SHA-256; the first half is never 0. */
export type Key = readonly [high: number, low: number];

/** The first 64 bits of a digest in hex. */
const keyOf = (hex: string): Key => [
  Number.parseInt(hex.slice(0, 8), 16) || 1,
  Number.parseInt(hex.slice(8, 16), 16),
];

export interface Identity {
  /** SHA-256 of the source and the sender's id, hex; the first 64 bits count. */
  id: string;
  /** SHA-256 of the body, hex. */
  body: string;
  source: string;
}

/** Known by its id, by its body, and as this id with this body. */
export interface Keys {
  id: Key;
  body: Key;
  both: Key;
}

/** SHA-256 of the source and the sender's own id, hex. */
export const idHash = (source: string, id: string): string => sha256Hex(`${source}\n${id}`);

/** Three out of two digests and the source: what was hashed need not be hashed once more to be told apart. */
export function keysOf({ source, id, body }: Identity): Keys {
  const [ih, il] = keyOf(id);
  const [bh, bl] = keyOf(body);
  const salt = saltOf(source);
  return {
    id: [ih, il],
    body: [(bh ^ salt) >>> 0 || 1, bl],
    both: [(Math.imul(ih, 0x9e3779b1) ^ bl) >>> 0 || 1, (Math.imul(il, 0x85ebca6b) ^ bh ^ salt) >>> 0],
  };
}

const salts = new Map<string, number>();

/** The same body from two senders is two bodies. */
function saltOf(source: string): number {
  let salt = salts.get(source);
  if (salt === undefined) salts.set(source, (salt = Number.parseInt(sha256Hex(source).slice(0, 8), 16)));
  return salt;
}

/** `new`; `known`: the same delivery once more; or what of it belongs to another one. */
export type Standing = 'new' | 'known' | 'id' | 'body';

export class Seen {
  readonly keys: KeySet;

  constructor(keys = new KeySet()) {
    this.keys = keys;
  }

  standing({ id, body, both }: Keys): Standing {
    if (this.keys.has(both)) return 'known';
    if (this.keys.has(id)) return 'id';
    return this.keys.has(body) ? 'body' : 'new';
  }

  add({ id, body, both }: Keys): void {
    this.keys.add(id);
    this.keys.add(body);
    this.keys.add(both);
  }
}
