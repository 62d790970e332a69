import type { Fs } from '../ports/fs.ts';
import { chunks, leafHashAt, MAX_LINE_BYTES } from './chunks.ts';
import { seqOfLine } from './line-tail.ts';
import { nodeHash, type Hash } from './merkle.ts';

/** A stretch of one segment that begins and ends with a line. */
export interface Piece {
  path: string;
  /** Byte range. */
  from: number;
  to: number;
  /** Seq that its first line must say. */
  first: number;
  /** Tree sizes inside it at which the tree is wanted, ascending. */
  cuts: number[];
}

/** A complete subtree over an aligned range of leaves: 2^level of them from index · 2^level. */
export interface Subtree {
  level: number;
  hash: Hash;
}

export interface Scanned {
  records: number;
  /** Aligned subtrees that cover the piece from left to right, broken up at each cut and at the end. */
  parts: Subtree[][];
  /** The first line that cannot be record `first + records`. */
  bad?: { offset: number; why: string };
  /** Bytes after the last newline. */
  rest: number;
}

/** Hashes every line of a piece. Looks at nothing else of a line but the seq in its tail: the root proves the rest. */
export async function scanPiece(fs: Fs, piece: Piece): Promise<Scanned> {
  const parts: Subtree[][] = [];
  const cuts = [...piece.cuts];
  let range = new Range(piece.first);
  let seq = piece.first;
  const done = (more: Pick<Scanned, 'bad' | 'rest'>): Scanned => {
    parts.push(range.subtrees);
    return { records: seq - piece.first, parts, ...more };
  };
  const file = await fs.open(piece.path, 'r');
  try {
    for await (const { bytes, offset, end, rest } of chunks(file, piece.from, piece.to, 512 * 1024)) {
      let start = 1;
      while (start < end) {
        const stop = bytes.indexOf(0x0a, start);
        const said = seqOfLine(bytes, start, stop);
        if (said !== seq || stop - start > MAX_LINE_BYTES) {
          const why =
            said < 0 ? 'it is not a record' : said !== seq ? `it says seq ${said}` : 'it is too long';
          return done({ bad: { offset: offset + start - 1, why }, rest: 0 });
        }
        range.add(leafHashAt(bytes, start, stop));
        seq += 1;
        start = stop + 1;
        if (cuts[0] === seq) {
          cuts.shift();
          parts.push(range.subtrees);
          range = new Range(seq);
        }
      }
      if (rest > 0) return done({ rest });
    }
    return done({ rest: 0 });
  } finally {
    await file.close();
  }
}

/** Folds leaves from any position on into the aligned subtrees that an RFC 6962 tree has there. */
class Range {
  readonly subtrees: Subtree[] = [];
  #next: number;
  readonly #first: number;

  constructor(first: number) {
    this.#first = first;
    this.#next = first;
  }

  add(leaf: Hash): void {
    let hash = leaf;
    let level = 0;
    // Leaf `next` completes a subtree for each trailing one bit, as long as that subtree lies inside the range.
    let index = this.#next;
    let width = 1;
    while (index % 2 === 1 && this.#next + 1 - 2 * width >= this.#first) {
      const left = this.subtrees.pop();
      if (left === undefined) break;
      hash = nodeHash(left.hash, hash);
      index = (index - 1) / 2;
      width *= 2;
      level += 1;
    }
    this.subtrees.push({ level, hash });
    this.#next += 1;
  }
}
