import { join } from 'node:path';
import { ReeveError, fail } from '../../contracts/errors.ts';
import type { RecordBody } from '../../contracts/record.ts';
import { digestOf } from '../digest.ts';
import {
  errno,
  makeFolder,
  readFully,
  readWhole,
  renameDurably,
  replaceDurably,
  settleDurably,
} from '../durable.ts';
import type { Fs } from '../ports/fs.ts';
import type { Fold, Snapshots } from '../ports/state.ts';
import { findHead, type LeafCache } from './cache.ts';
import { seqOfLine } from './line-tail.ts';
import type { Checkpoint } from './note.ts';
import { startsAt } from './read.ts';
import { segmentName, type Segment } from './segments.ts';
import { MAX_FLUSH_BYTES, START, walk, type Place, type Torn } from './walk.ts';

export interface RecoverOptions {
  fs: Fs;
  dir: string;
  fold: Fold;
  snapshots: Snapshots | undefined;
  cache: LeafCache;
  checkpoints: readonly Checkpoint[];
  /** Ledgers up to this many bytes are always read whole. */
  fullCheckBytes: number;
  warn(what: string, error: unknown): void;
}

export interface Reading {
  place: Place;
  torn: Torn | undefined;
}

/** Reads the ledger into the fold: from the newest snapshot when all agrees with it, else from record 0. */
export async function readUp(segments: readonly Segment[], options: RecoverOptions): Promise<Reading> {
  const { fs, fold, cache, checkpoints } = options;
  const covered = Math.max(0, ...checkpoints.map((c) => c.size));
  const readFrom = (from: Place) =>
    walk(fs, segments, from, checkpoints, covered, {
      record(record, leaf, offset) {
        fold.apply(record);
        cache.add(record.seq, offset, leaf);
      },
      async pause() {
        if (cache.pending > 4096) await cache.flush();
      },
    });
  const from = await snapshotPlace(segments, covered, options);
  if (from !== undefined) {
    try {
      return await readFrom(from);
    } catch (error) {
      if (!(error instanceof ReeveError)) throw error;
      options.warn('reading on from the snapshot; reading everything', error);
    }
  }
  fold.reset();
  // What is read anew is cached anew.
  if (cache.size > 0) await cache.truncate(0);
  return readFrom(START);
}

/** The place a snapshot belongs to, with its states restored; undefined at the slightest doubt. */
export async function snapshotPlace(
  segments: readonly Segment[],
  covered: number,
  options: Pick<RecoverOptions, 'fs' | 'dir' | 'fold' | 'snapshots' | 'cache' | 'fullCheckBytes' | 'warn'>,
): Promise<Place | undefined> {
  const { fs, dir, fold, snapshots, cache } = options;
  const bytes = segments.reduce((sum, segment) => sum + segment.size, 0);
  if (snapshots === undefined || bytes <= options.fullCheckBytes) return undefined;
  const snapshot = await snapshots.load();
  if (snapshot === undefined || snapshot.seq < 1) return undefined;
  const doubt = (why: string): undefined => {
    options.warn('the snapshot is not used', new Error(why));
    return undefined;
  };
  if (snapshot.seq > covered) return doubt(`it says ${snapshot.seq} records, a checkpoint covers ${covered}`);
  const place = await findHead(fs, dir, segments, snapshot.seq, snapshot.root);
  if (place === undefined) return doubt('no cached head fits it');
  if (cache.size < place.size) return doubt('the leaf cache is behind it');
  if (!(await edgesFit(fs, segments, place))) return doubt('the segments do not fit it');
  if (!fold.restore(snapshot)) return doubt('a projection is new or changed');
  return place;
}

/** Whether each segment up to the place begins and ends with the records that its and the next one's name say. */
async function edgesFit(fs: Fs, segments: readonly Segment[], place: Place): Promise<boolean> {
  for (const [index, segment] of segments.slice(0, place.segment + 1).entries()) {
    const file = await fs.open(segment.path, 'r');
    try {
      const head = Buffer.alloc(64 * 1024);
      const stop = head.subarray(0, await readFully(file, head, 0)).indexOf(0x0a);
      if (segment.size > 0 && (stop < 0 || seqOfLine(head, 0, stop) !== segment.first)) return false;
      const end = index === place.segment ? place.offset : segment.size;
      const next = index === place.segment ? place.size : segments[index + 1]?.first;
      if (end === 0) {
        if (next !== segment.first) return false;
        continue;
      }
      const tail = Buffer.alloc(Math.min(end, 64 * 1024 + 1));
      if ((await readFully(file, tail, end - tail.length)) < tail.length || tail.at(-1) !== 0x0a)
        return false;
      if (seqOfLine(tail, tail.lastIndexOf(0x0a, -2) + 1, tail.length - 1) + 1 !== next) return false;
      if (
        end < segment.size &&
        index === place.segment &&
        !(await startsAtOrTorn(file, end, segment.size, place.size))
      )
        return false;
    } finally {
      await file.close();
    }
  }
  return true;
}

async function startsAtOrTorn(
  file: Parameters<typeof startsAt>[0],
  offset: number,
  size: number,
  seq: number,
): Promise<boolean> {
  if (await startsAt(file, offset, size, seq)) return true;
  // No whole line follows: a torn tail, which reading on will judge.
  const rest = Buffer.alloc(Math.min(size - offset, 64 * 1024));
  return rest.subarray(0, await readFully(file, rest, offset)).indexOf(0x0a) < 0;
}

/**
 * Makes the records that no checkpoint covers durable once more. They were read, so they will be acted on; but the process
 * that wrote them may have died, or failed to fsync, before they reached the disk. Only its last flush can be in doubt.
 */
export async function settleTail(
  fs: Fs,
  segment: Segment,
  place: Place,
  checkpoints: readonly Checkpoint[],
): Promise<void> {
  if (checkpoints.some((c) => c.size >= place.size)) return;
  await settleDurably(fs, segment.path, Math.max(0, place.offset - MAX_FLUSH_BYTES), place.offset);
}

const ASIDE = 'torn';
const PENDING = '.pending';

/** Keeps the torn bytes aside, durably, then cuts them off. */
export async function cutTail(fs: Fs, dir: string, torn: Torn): Promise<void> {
  const { segment, kept } = torn;
  const file = await fs.open(segment.path, 'r+');
  try {
    const cut = Buffer.alloc(segment.size - kept);
    await readFully(file, cut, kept);
    await makeFolder(fs, join(dir, ASIDE));
    const name = `${segment.first}-${kept}-${digestOf(cut).slice(7, 23)}`;
    await replaceDurably(fs, join(dir, ASIDE, `${name}${PENDING}`), cut);
    await file.truncate(kept);
    await file.datasync();
  } finally {
    await file.close();
  }
}

/** Repairs whose record is still to be written, so that a crash between the cut and its record loses neither. */
export async function pendingRepairs(
  fs: Fs,
  dir: string,
): Promise<{ body: RecordBody<'ledger.repaired'>; recorded(): Promise<void> }[]> {
  let names: string[];
  try {
    names = await fs.readdir(join(dir, ASIDE));
  } catch (error) {
    if (errno(error) === 'ENOENT') return [];
    throw error;
  }
  const repairs = [];
  for (const name of names.filter((n) => n.endsWith(PENDING)).sort()) {
    const [, first, kept] = /^([0-9]+)-([0-9]+)-/.exec(name) ?? [];
    const path = join(dir, ASIDE, name);
    const cut = await readWhole(fs, path);
    if (first === undefined || kept === undefined || cut === undefined || cut.length === 0) continue;
    const aside = name.slice(0, -PENDING.length);
    repairs.push({
      body: {
        segment: segmentName(Number(first)),
        kept_bytes: Number(kept),
        cut_bytes: cut.length,
        cut_digest: digestOf(cut),
        aside: `${ASIDE}/${aside}`,
      },
      recorded: () => renameDurably(fs, path, join(dir, ASIDE, aside)),
    });
  }
  return repairs;
}

/** @throws LEDGER_TRUNCATED */
export function mustReach(checkpoints: readonly Checkpoint[], size: number): void {
  const claimed = Math.max(0, ...checkpoints.map((c) => c.size));
  if (claimed > size) throw fail('LEDGER_TRUNCATED', { size, claimed });
}
