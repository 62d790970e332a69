import { createHash } from 'node:crypto';
import { writeAll } from '../../durable.ts';
import type { Fs } from '../../ports/fs.ts';

const CHUNK = 256 * 1024;
const NEWLINE = 0x0a;

export interface Copied {
  size: number;
  /** 64 hex digits over what was written. */
  sha256: string;
  /** Newlines in it. */
  lines: number;
}

export interface CopyOptions {
  signal: AbortSignal;
  /** Stop after this many lines: the durable part of a log that is still being written to. */
  lines?: number;
}

/**
 * Copies bytes into a new file (0600) and resolves when they are on stable storage; the name lasts once the caller has
 * synced the folder. System calls: open(from), open(to, O_CREAT|O_EXCL), pread(2) + write(2)…, fdatasync(2).
 */
export async function copyFile(fs: Fs, from: string, to: string, options: CopyOptions): Promise<Copied> {
  const { signal, lines: limit = Number.POSITIVE_INFINITY } = options;
  const hash = createHash('sha256');
  const source = await fs.open(from, 'r');
  try {
    const target = await fs.open(to, 'wx', 0o600);
    try {
      const buffer = Buffer.allocUnsafe(CHUNK);
      let size = 0;
      let lines = 0;
      while (lines < limit) {
        signal.throwIfAborted();
        const got = await source.read(buffer, size);
        if (got === 0) break;
        const { end, found } = take(buffer.subarray(0, got), limit - lines);
        lines += found;
        const part = buffer.subarray(0, end);
        hash.update(part);
        await writeAll(target, part);
        size += end;
      }
      await target.datasync();
      return { size, sha256: hash.digest('hex'), lines };
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}

/** How much of `bytes` holds at most `want` lines. */
function take(bytes: Uint8Array, want: number): { end: number; found: number } {
  let found = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) {
    found += 1;
    if (found === want) return { end: at + 1, found };
  }
  return { end: bytes.length, found };
}
