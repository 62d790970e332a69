import { nodeFs } from '../fs.ts';
import type { LedgerRecord, RecordType } from '../../contracts/record.ts';
import type { Fs } from '../ports/fs.ts';
import { chunks } from './chunks.ts';
import { listSegments } from './segments.ts';

/**
 * Only the records of these types, in order: the others' lines are passed over without being parsed. What is no JSON is
 * passed over too; hashing the ledger says what is wrong with it.
 */
export async function* readTypes<T extends RecordType>(
  dir: string,
  types: readonly T[],
  fs: Fs = nodeFs,
): AsyncGenerator<LedgerRecord<T>, void, void> {
  // In canonical JSON a string's own quotes are escaped, so these are members; whose, is seen when the line is parsed.
  const needles = types.map((type) => Buffer.from(`"type":"${type}"`));
  for (const segment of await listSegments(fs, dir)) {
    const file = await fs.open(segment.path, 'r');
    try {
      for await (const { bytes, end } of chunks(file, 0, segment.size))
        for (const line of linesWith(bytes.subarray(0, end), needles)) {
          const record = parsed(line);
          if (record !== undefined && (types as readonly string[]).includes(record.type))
            yield record as LedgerRecord<T>;
        }
    } finally {
      await file.close();
    }
  }
}

/** Whether any line holds this text: far cheaper than reading records. */
export async function holdsText(dir: string, text: string, fs: Fs = nodeFs): Promise<boolean> {
  const needle = Buffer.from(text);
  for (const segment of await listSegments(fs, dir)) {
    const file = await fs.open(segment.path, 'r');
    try {
      for await (const { bytes } of chunks(file, 0, segment.size)) if (bytes.includes(needle, 1)) return true;
    } finally {
      await file.close();
    }
  }
  return false;
}

/** The lines that hold any of them, copied: the chunk is reused. */
function linesWith(bytes: Buffer, needles: readonly Buffer[]): string[] {
  const lines = new Map<number, string>();
  for (const needle of needles)
    for (let at = bytes.indexOf(needle, 1); at >= 0;) {
      const start = Math.max(1, bytes.lastIndexOf(0x0a, at) + 1);
      const stop = bytes.indexOf(0x0a, at);
      if (stop < 0) break;
      if (!lines.has(start)) lines.set(start, bytes.toString('utf8', start, stop));
      at = bytes.indexOf(needle, stop);
    }
  return [...lines].toSorted(([a], [b]) => a - b).map(([, line]) => line);
}

function parsed(line: string): LedgerRecord | undefined {
  try {
    return JSON.parse(line) as LedgerRecord;
  } catch {
    return undefined;
  }
}
