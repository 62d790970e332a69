import { ReeveError, fail, type ErrorCode, type ErrorParams } from '../../contracts/errors.ts';
import { nodeFs } from '../fs.ts';
import { readWhole } from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import { checkpointPath, historyPath, splitHistory } from './checkpoints.ts';
import { firstChanged } from './locate.ts';
import { addSubtree, rootOf, toHex, type Peaks } from './merkle.ts';
import { parseVkey, verifyCheckpoint, type Checkpoint, type VerifierKey } from './note.ts';
import { keysInLedger, recordZeroKey } from './offline-keys.ts';
import { Scanner } from './pieces.ts';
import { readRecords } from './read.ts';
import type { Scanned } from './scan.ts';
import { listSegments, type Segment } from './segments.ts';

export interface VerifyOptions {
  fs?: Fs;
  /** C2SP vkeys to believe. Without them the ledger's own record 0 is believed, which proves integrity but not origin. */
  publicKeys?: readonly string[];
  /** A head that was kept elsewhere: what shows that the ledger was cut back. */
  anchored?: { size: number; root: string };
  /** Nothing else has to be done on this thread meanwhile, which makes it faster. */
  blocking?: boolean;
  onProgress?: (bytes: number, of: number) => void;
}

export interface Problem {
  code: ErrorCode;
  message: string;
  hint: string;
  segment: string | null;
  /** First broken record; with `until`, it is one of `seq … until`. */
  seq: number | null;
  until?: number;
}

export interface VerifyReport {
  ok: boolean;
  origin: string | null;
  /** Records, bytes and root (hex) of the whole lines that are there. */
  size: number;
  bytes: number;
  root: string;
  segments: { name: string; first: number; bytes: number }[];
  checkpoints: { verified: number; newest: { size: number; root: string } | null };
  /** Records after the newest checkpoint: nothing signed vouches for these yet. */
  unsigned: number;
  /** An unfinished line at the very end, left by a crash; the next start cuts it off and records that. */
  torn: { segment: string; bytes: number } | null;
  problems: Problem[];
}

/**
 * Checks a ledger without a daemon: every line hashed into the RFC 6962 tree, every kept checkpoint's signature and root,
 * the anchored head if given. Names the first broken record. Never writes.
 */
export async function verifyLedger(dir: string, options: VerifyOptions = {}): Promise<VerifyReport> {
  const fs = options.fs ?? nodeFs;
  const segments = await listSegments(fs, dir);
  const scanner = new Scanner(fs, segments, options.blocking);
  try {
    return await verifyWith(scanner, fs, dir, segments, options);
  } finally {
    await scanner.stop();
  }
}

async function verifyWith(
  scanner: Scanner,
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  options: VerifyOptions,
): Promise<VerifyReport> {
  const problems: Problem[] = [];
  const report = (
    code: ErrorCode,
    params: ErrorParams,
    segment: string | null,
    seq: number | null,
    until?: number,
  ) => {
    const { message, hint } = fail(code, params);
    problems.push({ code, message, hint, segment, seq, ...(until === undefined ? {} : { until }) });
  };
  const zero = await recordZeroKey(fs, segments);
  const checkpoints = await allCheckpoints(fs, dir, segments, options.publicKeys, zero?.key, (file, why) =>
    report('LEDGER_CHECKPOINT_INVALID', { file, why }, null, null),
  );
  const heads: Head[] = checkpoints.map((c) => ({
    size: c.size,
    root: toHex(c.root),
    what: 'the signed checkpoint',
  }));
  if (options.anchored !== undefined) {
    // A head's root may be a getter, which spreading would lose.
    const { size, root } = options.anchored;
    heads.push({ size, root, what: 'the anchored head' });
  }
  heads.sort((a, b) => a.size - b.size);

  const tree = await hashAll(scanner, segments, heads, options.onProgress);
  if (tree.bad !== undefined) {
    const { segment, seq, why } = tree.bad;
    report('LEDGER_CORRUPT', { seq, file: segment.name, why }, segment.name, seq);
  } else if (tree.wrong !== undefined) {
    const { head, before } = tree.wrong;
    const found = await firstChanged(fs, dir, segments, before, head);
    const place = found.until === undefined ? `${found.seq}` : `${found.seq} … ${found.until}`;
    const why = `the ${head.size} records up to ${head.what} do not hash to its root; ${found.why}`;
    report('LEDGER_CORRUPT', { seq: place, file: found.segment, why }, found.segment, found.seq, found.until);
  }
  const newest = checkpoints.at(-1);
  const held = heads.findLast((head) => head.size <= tree.size)?.size ?? 0;
  if (tree.bad === undefined && tree.wrong === undefined)
    await checkUnsigned(fs, dir, segments, held, tree.size, report);
  const beyond = heads.findLast((head) => head.size > tree.size);
  if (beyond !== undefined && tree.bad === undefined)
    report('LEDGER_TRUNCATED', { size: tree.size, claimed: beyond.size }, null, tree.size);
  return {
    ok: problems.length === 0,
    origin: zero?.origin ?? null,
    size: tree.size,
    bytes: tree.bytes,
    root: toHex(rootOf(tree.peaks)),
    segments: segments.map(({ name, first, size }) => ({ name, first, bytes: size })),
    checkpoints: {
      verified: checkpoints.length,
      newest: newest === undefined ? null : { size: newest.size, root: toHex(newest.root) },
    },
    unsigned: Math.max(0, tree.size - (newest?.size ?? 0)),
    torn: tree.torn,
    problems,
  };
}

type Report = (
  code: ErrorCode,
  params: ErrorParams,
  segment: string | null,
  seq: number | null,
  until?: number,
) => void;

/** Where no root proves the records, at the end or where it was cut off, their form is looked at. */
async function checkUnsigned(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  from: number,
  to: number,
  report: Report,
): Promise<void> {
  let seq = from;
  try {
    for await (const record of readRecords(fs, dir, segments, from, to, true)) seq = record.seq + 1;
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    report(error.code, error.params, String(error.params['file'] ?? ''), seq);
  }
}

export interface Head {
  size: number;
  /** Hex. */
  root: string;
  what: string;
}

interface Tree {
  size: number;
  bytes: number;
  peaks: Peaks | null;
  torn: VerifyReport['torn'];
  bad?: { segment: Segment; seq: number; why: string };
  /** The first head that does not hold, and the newest size before it whose head does. */
  wrong?: { head: Head; before: { size: number; peaks: Peaks | null } };
}

async function hashAll(
  scanner: Scanner,
  segments: readonly Segment[],
  heads: readonly Head[],
  onProgress: VerifyOptions['onProgress'],
): Promise<Tree> {
  const total = segments.reduce((sum, segment) => sum + segment.size, 0);
  const tree: Tree = { size: 0, bytes: 0, peaks: null, torn: null };
  let good: { size: number; peaks: Peaks | null } = { size: 0, peaks: null };
  const due = [...heads];
  const checkDue = (): void => {
    while (due[0] !== undefined && due[0].size <= tree.size) {
      const head = due.shift();
      if (head === undefined || tree.wrong !== undefined) continue;
      if (head.size === tree.size && toHex(rootOf(tree.peaks)) === head.root)
        good = { size: tree.size, peaks: tree.peaks };
      else tree.wrong = { head, before: good };
    }
  };
  const add = (scanned: Scanned): void => {
    for (const part of scanned.parts) {
      for (const { level, hash } of part) {
        tree.peaks = addSubtree(tree.peaks, hash, level);
        tree.size += 2 ** level;
      }
      checkDue();
    }
  };
  checkDue();
  const cuts = [...new Set(heads.map((head) => head.size))];
  for await (const { piece, scanned } of scanner.scan(cuts)) {
    const segment = segments.find((s) => s.path === piece.path);
    if (segment === undefined) throw new RangeError(piece.path);
    if (piece.first !== tree.size) {
      const why = `records from ${piece.first} follow where ${tree.size} should`;
      return { ...tree, bad: { segment, seq: tree.size, why } };
    }
    add(scanned);
    tree.bytes += piece.to - piece.from - scanned.rest;
    onProgress?.(tree.bytes, total);
    if (scanned.rest === 0) continue;
    if (segment !== segments.at(-1))
      return { ...tree, bad: { segment, seq: tree.size, why: 'it is cut off' } };
    tree.torn = { segment: segment.name, bytes: scanned.rest };
  }
  return tree;
}

async function allCheckpoints(
  fs: Fs,
  dir: string,
  segments: readonly Segment[],
  publicKeys: readonly string[] | undefined,
  own: VerifierKey | undefined,
  bad: (file: string, why: string) => void,
): Promise<Checkpoint[]> {
  const notes: { file: string; note: string }[] = [];
  const history = await readWhole(fs, historyPath(dir));
  if (history !== undefined) {
    const { notes: kept, good } = splitHistory(history);
    for (const note of kept) notes.push({ file: 'checkpoints', note });
    // Half a note at the end is a crash; whole ones behind something else are not.
    if (history.includes('\n\n— ', good))
      bad('checkpoints', `it is damaged after ${kept.length} checkpoints`);
  }
  const newest = await readWhole(fs, checkpointPath(dir), 64 * 1024);
  if (newest !== undefined) notes.push({ file: 'checkpoint', note: newest.toString('utf8') });
  const given = publicKeys?.map(parseVkey).filter((key) => key !== undefined);
  let keys: readonly VerifierKey[] = given ?? (own === undefined ? [] : [own]);
  let looked = given !== undefined;
  const found: Checkpoint[] = [];
  for (const { file, note } of notes) {
    let result = verifyCheckpoint(note, keys);
    if ('why' in result && !looked && own !== undefined) {
      // The key may have been changed; the ledger says so itself.
      looked = true;
      keys = [...keys, ...(await keysInLedger(fs, dir, segments, own.name))];
      result = verifyCheckpoint(note, keys);
    }
    if ('why' in result) bad(file, result.why);
    else found.push(result);
  }
  return found.sort((a, b) => a.size - b.size);
}
