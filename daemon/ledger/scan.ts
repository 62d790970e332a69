import type { FileHandle } from '../ports/fs.ts';
import { chunks } from './chunks.ts';
import { Hasher } from './hasher.ts';
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

/** What a scan needs of a file system. */
export interface Source {
  open(path: string, flags: 'r'): Promise<Pick<FileHandle, 'read' | 'close'>>;
}

export interface Scanned {
  records: number;
  /** Aligned subtrees that cover the piece from left to right, broken up at each cut and at the end. */
  parts: Subtree[][];
  /** Bytes after the last newline. */
  rest: number;
}

/** What a thread is told: it takes the piece whose number `next` holds until there is none left. */
export interface Work {
  pieces: readonly Piece[];
  /** One number that all threads count up. */
  next: Int32Array;
  lanes: object | undefined;
}

/** Hashes every line of a piece, and looks at nothing else: where the root is the signed one, the lines are those signed. */
export async function scanPiece(source: Source, piece: Piece, hasher: Hasher): Promise<Scanned> {
  const parts: Subtree[][] = [];
  const cuts = [...piece.cuts];
  const range = new Subtrees(piece.first, hasher);
  let seq = piece.first;
  const done = (rest: number): Scanned => {
    parts.push(range.take());
    return { records: seq - piece.first, parts, rest };
  };
  const file = await source.open(piece.path, 'r');
  try {
    for await (const { bytes, end, rest } of chunks(file, piece.from, piece.to, hasher.input)) {
      const lines = hasher.findLines(bytes, end);
      for (let line = 0; line < lines;) {
        const to = Math.min(lines, line + (cuts[0] ?? Number.POSITIVE_INFINITY) - seq);
        range.addLines(line, to);
        seq += to - line;
        line = to;
        if (cuts[0] === seq) {
          cuts.shift();
          parts.push(range.take());
        }
      }
      if (rest > 0) return done(rest);
    }
    return done(0);
  } finally {
    await file.close();
  }
}

/** Scans the pieces that no other thread has taken, one at a time. */
export async function scanWork(
  source: Source,
  { pieces, next, lanes }: Work,
  done: (id: number, scanned: Scanned) => void,
): Promise<void> {
  const hasher = new Hasher(lanes);
  for (;;) {
    const id = Atomics.add(next, 0, 1);
    const piece = pieces[id];
    if (piece === undefined) return;
    done(id, await scanPiece(source, piece, hasher));
  }
}
