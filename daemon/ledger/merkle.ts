import { hash } from 'node:crypto';

/*
 * RFC 6962 §2.1 over ledger lines. A hash is a latin1 string of 32 characters: immutable, cheap to keep by the million,
 * and what `crypto.hash` returns fastest.
 */
export type Hash = string;

export const HASH_BYTES = 32;

/** MTH of the empty list: SHA-256 of nothing. */
export const EMPTY_ROOT: Hash = hash('sha256', '', 'binary');

/** SHA-256(0x00 ‖ line). */
export const leafHash = (line: string): Hash => hash('sha256', `\0${line}`, 'binary');

/** What `buffer.write(text, offset, 'latin1')` does after choosing by the encoding's name, which costs more than the copy. */
export type Latin1Buffer = Buffer & {
  latin1Write(text: string, offset: number, length: number): number;
  latin1Slice(start: number, end: number): string;
};

const pair = Buffer.alloc(1 + 2 * HASH_BYTES, 1) as Latin1Buffer;

/** SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Hash, right: Hash): Hash {
  pair.latin1Write(left, 1, HASH_BYTES);
  pair.latin1Write(right, 1 + HASH_BYTES, HASH_BYTES);
  return hash('sha256', pair, 'binary');
}

/**
 * The complete subtrees a tree of some size consists of, smallest first, as an immutable list: taking the tree's state at
 * some record is keeping a pointer. Null is the empty tree.
 */
export interface Peaks {
  readonly hash: Hash;
  /** The subtree has 2^level leaves. */
  readonly level: number;
  readonly rest: Peaks | null;
}

/** Adds a complete subtree at the right edge; its level must not exceed that of the smallest peak. */
export function addSubtree(peaks: Peaks | null, subtree: Hash, level: number): Peaks {
  let node: Peaks = { hash: subtree, level, rest: peaks };
  while (node.rest !== null && node.rest.level === node.level)
    node = { hash: nodeHash(node.rest.hash, node.hash), level: node.level + 1, rest: node.rest.rest };
  return node;
}

export const addLeaf = (peaks: Peaks | null, leaf: Hash): Peaks => addSubtree(peaks, leaf, 0);

export function rootOf(peaks: Peaks | null): Hash {
  if (peaks === null) return EMPTY_ROOT;
  let root = peaks.hash;
  for (let peak = peaks.rest; peak !== null; peak = peak.rest) root = nodeHash(peak.hash, root);
  return root;
}

export function sizeOf(peaks: Peaks | null): number {
  let size = 0;
  for (let peak = peaks; peak !== null; peak = peak.rest) size += 2 ** peak.level;
  return size;
}

/** Peaks as hex, largest first: what is kept in a file. */
export function packPeaks(peaks: Peaks | null): string[] {
  const hashes: string[] = [];
  for (let peak = peaks; peak !== null; peak = peak.rest) hashes.unshift(toHex(peak.hash));
  return hashes;
}

/** The inverse of packPeaks for a tree of `size` leaves; undefined when the count does not fit the size. */
export function unpackPeaks(size: number, hashes: readonly string[]): Peaks | null | undefined {
  const levels: number[] = [];
  for (let level = 52; level >= 0; level--) if (Math.floor(size / 2 ** level) % 2 === 1) levels.push(level);
  if (levels.length !== hashes.length) return undefined;
  let peaks: Peaks | null = null;
  for (const [i, level] of levels.entries()) {
    const hex = hashes[i];
    if (hex === undefined || !/^[0-9a-f]{64}$/.test(hex)) return undefined;
    peaks = { hash: fromHex(hex), level, rest: peaks };
  }
  return peaks;
}

export const toHex = (value: Hash): string => Buffer.from(value, 'latin1').toString('hex');
export const fromHex = (hex: string): Hash => Buffer.from(hex, 'hex').toString('latin1');
export const toBase64 = (value: Hash): string => Buffer.from(value, 'latin1').toString('base64');

/** A hash from base64; undefined unless it is exactly 32 bytes in canonical base64. */
export function fromBase64(text: string): Hash | undefined {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== HASH_BYTES || bytes.toString('base64') !== text) return undefined;
  return bytes.toString('latin1');
}
