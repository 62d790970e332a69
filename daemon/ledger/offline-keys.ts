import { readFully } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import { formatVkey, parseVkey, type VerifierKey } from './note.ts';
import { readRecords } from './read.ts';
import type { Segment } from './segments.ts';

const OPENED = /^\{"body":\{"checkpoint_key":"([^"]+)","key_id":"[^"]*","origin":"([^"\\]*)"/;

/** What record 0 says of itself: the log's name and its checkpoint key. Undefined while there is no whole record 0. */
export async function recordZeroKey(
  fs: Fs,
  segments: readonly Segment[],
): Promise<{ origin: string; vkey: string; key: VerifierKey | undefined } | undefined> {
  const [segment] = segments;
  if (segment === undefined || segment.first !== 0) return undefined;
  const file = await fs.open(segment.path, 'r');
  try {
    const head = Buffer.alloc(Math.min(64 * 1024, segment.size));
    const got = await readFully(file, head, 0);
    const stop = head.subarray(0, got).indexOf(0x0a);
    const [, vkey, origin] = stop < 0 ? [] : (OPENED.exec(head.toString('utf8', 0, stop)) ?? []);
    if (vkey === undefined || origin === undefined) return undefined;
    return { origin, vkey, key: parseVkey(vkey) };
  } finally {
    await file.close();
  }
}

/** The checkpoint keys that the ledger's own records name, for a log called `name`. */
export async function keysInLedger(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  name: string,
): Promise<VerifierKey[]> {
  const keys: VerifierKey[] = [];
  try {
    for await (const record of readRecords(fs, dir, segments, 0, Number.MAX_SAFE_INTEGER)) {
      if (record.type !== 'key.created' || record.body.purpose !== 'checkpoint') continue;
      const key = parseVkey(formatVkey(name, Buffer.from(record.body.public_key, 'base64')));
      if (key !== undefined) keys.push(key);
    }
  } catch {
    // What cannot be read names no key; hashing the ledger will say what is wrong with it.
  }
  return keys;
}
