import { ReeveError, fail } from '../../contracts/errors.ts';
import { isNoFiles, makeFolder } from '../durable.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { CheckpointSigner } from '../ports/keys.ts';
import type { Fold, Snapshots } from '../ports/state.ts';
import { LeafCache } from './cache.ts';
import { loadCheckpoints, repairHistory } from './checkpoints.ts';
import { FileLedger } from './ledger.ts';
import { formatVkey, parseVkey, type VerifierKey } from './note.ts';
import { recordZeroKey } from './offline-keys.ts';
import { cutTail, mustReach, pendingRepairs, readUp, settleTail } from './recover.ts';
import { SegmentFile } from './segment-file.ts';
import { listSegments, type Segment } from './segments.ts';

export interface LedgerOptions {
  /** Folder of the ledger; made (0700) when it is not there. */
  dir: string;
  fs: Fs;
  clock: Clock;
  /** Signs checkpoints; its `origin` names the log. */
  signer: CheckpointSigner;
  /** C2SP vkeys of earlier checkpoint keys that are still believed. */
  trustedKeys?: readonly string[];
  /** What records are folded into. */
  fold: Fold;
  /** Where snapshots of the fold are cached; without it, every start reads the whole ledger. */
  snapshots?: Snapshots;
  /** Version of Reeve, for record 0. */
  version: string;
  /** Seal a segment at this many bytes. */
  segmentBytes?: number;
  /** Ledgers up to this many bytes are read whole at every start, snapshot or not. */
  fullCheckBytes?: number;
  /** Take a snapshot after this many records. */
  snapshotEvery?: number;
  /** Told what went wrong without stopping anything. */
  warn?: (what: string, error: unknown) => void;
}

/**
 * Opens the ledger: checks it against its signed checkpoints, repairs a torn tail, folds what is there, and is ready to
 * append. Record 0 is written when there is none.
 *
 * @throws LEDGER_CORRUPT, LEDGER_TRUNCATED, LEDGER_CHECKPOINT_INVALID, LEDGER_FOREIGN, LEDGER_NO_FILES, LEDGER_DISK_FULL,
 * LEDGER_UNWRITABLE
 */
export async function openLedger(options: LedgerOptions): Promise<FileLedger> {
  try {
    return await open(options);
  } catch (error) {
    if (error instanceof ReeveError) throw error;
    if (isNoFiles(error)) throw fail('LEDGER_NO_FILES', { what: 'opening the ledger' }, { cause: error });
    const why = error instanceof Error ? error.message : String(error);
    throw fail('LEDGER_UNWRITABLE', { why }, { cause: error });
  }
}

async function open(options: LedgerOptions): Promise<FileLedger> {
  const { fs, dir, signer, fold } = options;
  const warn = options.warn ?? (() => {});
  await makeFolder(fs, dir);
  await repairHistory(fs, dir);
  const keys = believedKeys(options);
  let segments = await listSegments(fs, dir);
  if (segments[0] !== undefined) await mustBeOurs(fs, segments[0], options, keys);
  const checkpoints = await loadCheckpoints(fs, dir, keys);
  const known = Math.max(0, ...checkpoints.map((c) => c.size));
  const cache = await LeafCache.open(fs, dir, Number.MAX_SAFE_INTEGER);
  try {
    const recover = {
      fs,
      dir,
      fold,
      snapshots: options.snapshots,
      cache,
      checkpoints,
      fullCheckBytes: options.fullCheckBytes ?? 4 * 1024 * 1024,
      warn,
    };
    const { place, torn } = await readUp(segments, recover);
    mustReach(checkpoints, place.size);
    if (torn !== undefined) {
      await cutTail(fs, dir, torn);
      segments = await listSegments(fs, dir);
    }
    if (cache.size > place.size) await cache.truncate(place.size);
    const last = segments.at(-1);
    if (last !== undefined) await settleTail(fs, last, place, checkpoints);
    const segment = await SegmentFile.open(fs, dir, last?.first ?? 0, last?.size ?? 0);
    const ledger = new FileLedger(options, { place, segment, segments, cache, known, warn });
    try {
      if (place.size === 0) {
        const checkpoint_key = formatVkey(signer.origin, signer.publicKey);
        const { origin, keyId: key_id } = signer;
        await ledger.append('ledger.opened', { origin, checkpoint_key, key_id, reeve: options.version });
      }
      for (const repair of await pendingRepairs(fs, dir)) {
        await ledger.append('ledger.repaired', repair.body);
        await repair.recorded();
      }
    } catch (error) {
      await ledger.close().catch(() => {});
      throw error;
    }
    return ledger;
  } catch (error) {
    await cache.close();
    throw error;
  }
}

/** The daemon believes its own keys only; what a ledger says of itself is no reason to. */
function believedKeys({ signer, trustedKeys = [] }: LedgerOptions): VerifierKey[] {
  return [formatVkey(signer.origin, signer.publicKey), ...trustedKeys].map((vkey) => {
    const key = parseVkey(vkey);
    if (key === undefined)
      throw fail('LEDGER_CHECKPOINT_INVALID', { file: vkey, why: 'it is not a C2SP vkey' });
    return key;
  });
}

/** Record 0 names this log and a key that is believed. Undecided while it is torn: reading judges that. */
async function mustBeOurs(
  fs: Fs,
  segment: Segment,
  { dir, signer }: LedgerOptions,
  keys: readonly VerifierKey[],
): Promise<void> {
  const zero = await recordZeroKey(fs, [segment]);
  if (zero === undefined) return;
  const { origin, vkey, key } = zero;
  if (origin !== signer.origin) throw fail('LEDGER_FOREIGN', { dir, theirs: origin, ours: signer.origin });
  if (key === undefined || !keys.some((believed) => believed.raw.equals(key.raw)))
    throw fail('LEDGER_FOREIGN', { dir, theirs: `the key ${vkey}`, ours: 'the keys of this home' });
}
