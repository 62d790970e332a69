import { join } from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { errno } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';

/** One segment file: the records from `first` on. */
export interface Segment {
  first: number;
  name: string;
  path: string;
  /** Bytes. */
  size: number;
}

const NAME = /^([0-9]{16})\.jsonl$/;

/** Zero padded, so that names sort as numbers. */
export const segmentName = (first: number): string => `${String(first).padStart(16, '0')}.jsonl`;

/** The segments of a ledger folder in order; empty when the folder does not exist. @throws LEDGER_CORRUPT for a non-file. */
export async function listSegments(fs: Fs, dir: string): Promise<Segment[]> {
  let names: string[];
  try {
    names = await fs.readdir(dir);
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
  const segments: Segment[] = [];
  for (const name of names.sort()) {
    const first = Number(NAME.exec(name)?.[1] ?? Number.NaN);
    if (Number.isNaN(first)) continue;
    const path = join(dir, name);
    const stat = await fs.lstat(path);
    if (!stat.isFile)
      throw fail('LEDGER_CORRUPT', { seq: first, file: name, why: 'it is not a regular file' });
    // A new segment that nothing was written to yet. It holds no record, so it may be there or not.
    if (stat.size > 0) segments.push({ first, name, path, size: stat.size });
  }
  return segments;
}
