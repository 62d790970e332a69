import type { Fs } from '../ports/fs.ts';
import { chunks, leafHashAt } from './chunks.ts';
import { Subtrees, type Subtree } from './subtrees.ts';

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
  const range = new Subtrees(piece.first);
  let seq = piece.first;
  const done = (rest: number): Scanned => {
    parts.push(range.take());
    return { records: seq - piece.first, parts, rest };
  };
  const file = await fs.open(piece.path, 'r');
  try {
    for await (const { bytes, end, rest } of chunks(file, piece.from, piece.to, 256 * 1024)) {
      let start = 1;
      while (start < end) {
        const stop = bytes.indexOf(0x0a, start);
        range.add(leafHashAt(bytes, start, stop));
        seq += 1;
        start = stop + 1;
        if (cuts[0] === seq) {
          cuts.shift();
          parts.push(range.take());
        }
      }
      if (rest > 0) return done(rest);
    }
    return done(0);
  } finally {
    range.release();
    await file.close();
  }
}
