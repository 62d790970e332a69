import { fail } from '../../contracts/errors.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import { readWhole } from '../durable.ts';
import { nodeFs } from '../fs.ts';
import type { Fs } from '../ports/fs.ts';
import { checkpointPath } from './checkpoints.ts';
import { chunks } from './chunks.ts';
import { leafHash, toHex } from './merkle.ts';
import { parseVkey, verifyCheckpoint, type Checkpoint } from './note.ts';
import { keysInLedger, recordZeroKey } from './offline-keys.ts';
import {
  consistencyProof,
  formatConsistency,
  formatInclusion,
  inclusionProof,
  parseProof,
  verifyConsistency,
  verifyInclusion,
} from './proof.ts';
import { readRecords } from './read.ts';
import { listSegments, type Segment } from './segments.ts';

/* Reading a ledger folder without a daemon. Nothing here writes. Every function throws LEDGER_… errors. */

/** Number of whole records. */
export async function ledgerSize(dir: string, fs: Fs = nodeFs): Promise<number> {
  return sizeOf(fs, await listSegments(fs, dir));
}

async function sizeOf(fs: Fs, segments: readonly Segment[]): Promise<number> {
  const last = segments.at(-1);
  if (last === undefined) return 0;
  let size = last.first;
  const file = await fs.open(last.path, 'r');
  try {
    for await (const { bytes, end } of chunks(file, 0, last.size))
      for (let at = bytes.indexOf(0x0a, 1); at >= 0 && at < end; at = bytes.indexOf(0x0a, at + 1)) size += 1;
  } finally {
    await file.close();
  }
  return size;
}

/** The records `[from, from + limit)` in order. */
export async function* readLedger(
  dir: string,
  from: number,
  limit = Number.MAX_SAFE_INTEGER,
  fs: Fs = nodeFs,
): AsyncGenerator<LedgerRecord, void, void> {
  yield* readRecords(
    fs,
    dir,
    await listSegments(fs, dir),
    from,
    Math.min(from + limit, Number.MAX_SAFE_INTEGER),
  );
}

/** The last `count` records. */
export async function* tailLedger(
  dir: string,
  count: number,
  fs: Fs = nodeFs,
): AsyncGenerator<LedgerRecord, void, void> {
  const size = await ledgerSize(dir, fs);
  yield* readLedger(dir, Math.max(0, size - count), count, fs);
}

/** @throws LEDGER_RANGE */
export async function showRecord(dir: string, seq: number, fs: Fs = nodeFs): Promise<LedgerRecord> {
  for await (const record of readLedger(dir, seq, 1, fs)) return record;
  const size = await ledgerSize(dir, fs);
  throw fail('LEDGER_RANGE', { seq, size, last: Math.max(0, size - 1) });
}

/** The newest signed checkpoint, verified. @throws LEDGER_CHECKPOINT_INVALID */
export async function readCheckpoint(
  dir: string,
  publicKeys?: readonly string[],
  fs: Fs = nodeFs,
): Promise<Checkpoint & { note: string }> {
  const data = await readWhole(fs, checkpointPath(dir), 64 * 1024);
  if (data === undefined)
    throw fail('LEDGER_CHECKPOINT_INVALID', { file: 'checkpoint', why: 'there is none' });
  const note = data.toString('utf8');
  const segments = await listSegments(fs, dir);
  const own = (await recordZeroKey(fs, segments))?.key;
  const given = publicKeys?.map(parseVkey).filter((key) => key !== undefined);
  let result = verifyCheckpoint(note, given ?? (own === undefined ? [] : [own]));
  if ('why' in result && given === undefined && own !== undefined)
    result = verifyCheckpoint(note, await keysInLedger(fs, dir, segments, own.name));
  if ('why' in result) throw fail('LEDGER_CHECKPOINT_INVALID', { file: 'checkpoint', why: result.why });
  return { ...result, note };
}

/**
 * The tlog-proof text that record `seq` stands in the tree of the newest checkpoint.
 *
 * @throws LEDGER_RANGE when no checkpoint covers it yet; LEDGER_CORRUPT when the files do not hash to the checkpoint.
 */
export async function proveInclusion(
  dir: string,
  seq: number,
  publicKeys?: readonly string[],
  fs: Fs = nodeFs,
): Promise<string> {
  const checkpoint = await readCheckpoint(dir, publicKeys, fs);
  const { size, note } = checkpoint;
  if (seq < 0 || seq >= size) throw fail('LEDGER_RANGE', { seq, size, last: size - 1 });
  const { hashes, root } = await inclusionProof(fs, await listSegments(fs, dir), seq, size);
  mustMatch(root, checkpoint);
  return formatInclusion(seq, hashes, note);
}

/** The proof that the first `older` records are a beginning of what the newest checkpoint signs. */
export async function proveConsistency(
  dir: string,
  older: number,
  publicKeys?: readonly string[],
  fs: Fs = nodeFs,
): Promise<string> {
  const checkpoint = await readCheckpoint(dir, publicKeys, fs);
  const { size, note } = checkpoint;
  if (older < 0 || older > size) throw fail('LEDGER_RANGE', { seq: older, size, last: size - 1 });
  const { hashes, root } = await consistencyProof(fs, await listSegments(fs, dir), older, size);
  mustMatch(root, checkpoint);
  return formatConsistency(older, hashes, note);
}

function mustMatch(root: string, checkpoint: Checkpoint): void {
  if (root === checkpoint.root) return;
  const why = `the records hash to ${toHex(root)}, the checkpoint says ${toHex(checkpoint.root)}; see \`reeve ledger verify\``;
  throw fail('LEDGER_CORRUPT', { seq: `0 … ${checkpoint.size - 1}`, file: 'the ledger', why });
}

/**
 * Checks a proof by itself, without the ledger: `what` is the record's exact line for an inclusion proof, the older root
 * (binary hash) for a consistency proof. Returns what the checkpoint says, or why the proof is void.
 */
export function checkProof(
  text: string,
  what: { line: string } | { oldRoot: string },
  publicKeys: readonly string[],
): { at: number; checkpoint: Checkpoint } | { why: string } {
  const proof = parseProof(text);
  if (proof === undefined) return { why: 'it is not a proof' };
  const keys = publicKeys.map(parseVkey).filter((key) => key !== undefined);
  const checkpoint = verifyCheckpoint(proof.checkpoint, keys);
  if ('why' in checkpoint) return checkpoint;
  const { at, hashes } = proof;
  const { size, root } = checkpoint;
  const holds =
    proof.kind === 'inclusion'
      ? 'line' in what && verifyInclusion(at, size, leafHash(what.line), hashes, root)
      : 'oldRoot' in what && verifyConsistency(at, size, hashes, what.oldRoot, root);
  return holds ? { at, checkpoint } : { why: 'it does not lead to the signed root' };
}
