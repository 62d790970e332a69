import type { Fs } from '../ports/fs.ts';
import { chunks, leafHashAt } from './chunks.ts';
import { addLeaf, fromBase64, nodeHash, rootOf, toBase64, type Hash, type Peaks } from './merkle.ts';
import type { Segment } from './segments.ts';

type Span = readonly [from: number, to: number];

/** Largest power of two below n. */
function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

/** RFC 6962 §2.1.1 PATH(index, D[from:to]) as the spans whose roots it consists of. */
function pathSpans(index: number, from: number, to: number): Span[] {
  if (to - from <= 1) return [];
  const middle = from + split(to - from);
  if (index < middle) return [...pathSpans(index, from, middle), [middle, to]];
  return [...pathSpans(index, middle, to), [from, middle]];
}

/** RFC 6962 §2.1.2 SUBPROOF(m, D[from:to], known). */
function consistencySpans(m: number, from: number, to: number, known: boolean): Span[] {
  if (m === to - from) return known ? [] : [[from, to]];
  const k = split(to - from);
  if (m <= k) return [...consistencySpans(m, from, from + k, known), [from + k, to]];
  return [...consistencySpans(m - k, from + k, to, false), [from, from + k]];
}

/** One pass over the ledger's own files, remembering the wanted subtrees only: O(log n) memory. */
async function rootsOf(
  fs: Fs,
  segments: readonly Segment[],
  size: number,
  spans: readonly Span[],
): Promise<{ hashes: Hash[]; root: Hash }> {
  const order = spans
    .map((span, i) => ({ span, i, peaks: null as Peaks | null }))
    .sort((a, b) => a.span[0] - b.span[0]);
  let current = 0;
  let seq = 0;
  let peaks: Peaks | null = null;
  for (const segment of segments) {
    const file = await fs.open(segment.path, 'r');
    try {
      for await (const { bytes, end } of chunks(file, 0, segment.size)) {
        for (let start = 1; start < end && seq < size; seq++) {
          const stop = bytes.indexOf(0x0a, start);
          const leaf = leafHashAt(bytes, start, stop);
          start = stop + 1;
          peaks = addLeaf(peaks, leaf);
          while (seq >= (order[current]?.span[1] ?? Number.POSITIVE_INFINITY)) current += 1;
          const want = order[current];
          if (want !== undefined && seq >= want.span[0]) want.peaks = addLeaf(want.peaks, leaf);
        }
      }
    } finally {
      await file.close();
    }
  }
  const hashes: Hash[] = [];
  for (const { i, peaks: span } of order) hashes[i] = rootOf(span);
  return { hashes, root: rootOf(peaks) };
}

export interface Proof {
  hashes: Hash[];
  /** Root of the whole tree as the files have it. */
  root: Hash;
}

/** That record `index` stands in the tree of the first `size` records. */
export const inclusionProof = (
  fs: Fs,
  segments: readonly Segment[],
  index: number,
  size: number,
): Promise<Proof> => rootsOf(fs, segments, size, pathSpans(index, 0, size));

/** That the tree of `older` records is a beginning of the tree of `size`. */
export const consistencyProof = (
  fs: Fs,
  segments: readonly Segment[],
  older: number,
  size: number,
): Promise<Proof> => rootsOf(fs, segments, size, older === 0 ? [] : consistencySpans(older, 0, size, true));

/** RFC 9162 §2.1.3.2. */
export function verifyInclusion(
  index: number,
  size: number,
  leaf: Hash,
  proof: readonly Hash[],
  root: Hash,
): boolean {
  if (index < 0 || index >= size) return false;
  let fn = index;
  let sn = size - 1;
  let r = leaf;
  for (const p of proof) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else r = nodeHash(r, p);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && r === root;
}

/** RFC 9162 §2.1.4.2. */
export function verifyConsistency(
  older: number,
  size: number,
  proof: readonly Hash[],
  oldRoot: Hash,
  root: Hash,
): boolean {
  if (older > size || older < 0) return false;
  if (older === size) return proof.length === 0 && oldRoot === root;
  if (older === 0) return proof.length === 0;
  const path = [...proof];
  if (Number.isInteger(Math.log2(older))) path.unshift(oldRoot);
  const first = path.shift();
  if (first === undefined) return false;
  let fn = older - 1;
  let sn = size - 1;
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  let fr = first;
  let sr = first;
  for (const c of path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr);
      sr = nodeHash(c, sr);
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2;
        sn = Math.floor(sn / 2);
      }
    } else sr = nodeHash(sr, c);
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  return sn === 0 && fr === oldRoot && sr === root;
}

/** The c2sp.org/tlog-proof text of an inclusion proof. */
export const formatInclusion = (index: number, proof: readonly Hash[], checkpoint: string): string =>
  `c2sp.org/tlog-proof@v1\nindex ${index}\n${proof.map((h) => `${toBase64(h)}\n`).join('')}\n${checkpoint}`;

/** The text of a consistency proof, in the form of c2sp.org/tlog-witness add-checkpoint. */
export const formatConsistency = (older: number, proof: readonly Hash[], checkpoint: string): string =>
  `old ${older}\n${proof.map((h) => `${toBase64(h)}\n`).join('')}\n${checkpoint}`;

/** Reads either text; undefined when it is neither. */
export function parseProof(
  text: string,
): { kind: 'inclusion' | 'consistency'; at: number; hashes: Hash[]; checkpoint: string } | undefined {
  const shape =
    /^(?:c2sp\.org\/tlog-proof@v1\n(?:extra [^\n]*\n)?index|old) (0|[1-9][0-9]{0,15})\n((?:[A-Za-z0-9+/]{43}=\n)*)\n/;
  const match = shape.exec(text);
  if (match === null) return undefined;
  const [head, at = '', lines = ''] = match;
  const hashes = lines.split('\n').slice(0, -1).map(fromBase64);
  if (hashes.includes(undefined)) return undefined;
  return {
    kind: head.startsWith('old') ? 'consistency' : 'inclusion',
    at: Number(at),
    hashes: hashes.filter((h) => h !== undefined),
    checkpoint: text.slice(head.length),
  };
}
