import type { Fs } from '../ports/fs.ts';
import { chunks, leafHashAt } from './chunks.ts';
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
  /** Bytes after the last newline. */
  rest: number;
}

/** Hashes every line of a piece, and looks at nothing else: where the root is the signed one, the lines are those signed. */
export async function scanPiece(fs: Fs, piece: Piece): Promise<Scanned> {
  const parts: Subtree[][] = [];
  const cuts = [...piece.cuts];
  let range = new Range(piece.first);
  let seq = piece.first;
  const done = (rest: number): Scanned => {
    parts.push(range.subtrees);
    return { records: seq - piece.first, parts, rest };
  };
  const file = await fs.open(piece.path, 'r');
  try {
    for await (const { bytes, end, rest } of chunks(file, piece.from, piece.to, 1024 * 1024)) {
      let start = 1;
      while (start < end) {
        const stop = bytes.indexOf(0x0a, start);
        range.add(leafHashAt(bytes, start, stop));
        seq += 1;
        start = stop + 1;
        if (cuts[0] === seq) {
          cuts.shift();
          parts.push(range.subtrees);
          range = new Range(seq);
        }
      }
      if (rest > 0) return done(rest);
    }
    return done(0);
  } finally {
    await file.close();
  }
}

/** Folds leaves from any position on into the aligned subtrees that an RFC 6962 tree has there. */
class Range {
  readonly #hashes: Hash[] = [];
  readonly #levels: number[] = [];
  #next: number;

  constructor(first: number) {
    this.#next = first;
  }

  get subtrees(): Subtree[] {
    return this.#hashes.map((hash, i) => ({ level: this.#levels[i] ?? 0, hash }));
  }

  add(leaf: Hash): void {
    const hashes = this.#hashes;
    const levels = this.#levels;
    let hash = leaf;
    let level = 0;
    // A leaf completes one subtree for each trailing one bit of its index, as far as the left halves are in this range.
    for (let index = this.#next; index % 2 === 1 && levels.at(-1) === level; index = (index - 1) / 2) {
      levels.pop();
      hash = nodeHash(hashes.pop() ?? '', hash);
      level += 1;
    }
    hashes.push(hash);
    levels.push(level);
    this.#next += 1;
  }
}
