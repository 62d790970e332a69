import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { SentinelSpec } from '../../contracts/estate/drills.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Head } from '../ports/ledger.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { BackupContext } from '../ports/steps.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { Leftovers } from './leftovers.ts';
import type { PublicKeyInfo } from '../ports/keys.ts';
import type { Ledger } from '../ports/ledger.ts';

/** What a backup or restore step hands over. */
export type DriverContext = BackupContext;

export interface BackupResult {
  /** Values are text; times and sizes are decimal integers (ms, bytes). */
  outputs: Record<string, string>;
  artifacts: ArtifactRef[];
}

export interface RestoreResult extends BackupResult {
  /** Milliseconds of each phase of the recovery time. */
  phases: Record<string, number>;
}

/** One kind of thing that can be backed up, and restored into a scratch place. Both reject with ReeveErrors. */
export interface Driver {
  name: string;
  backup(options: JsonObject, context: DriverContext): Promise<BackupResult>;
  restore(options: JsonObject, context: DriverContext): Promise<RestoreResult>;
}

/** A service that was started on restored data, asked through its own interface. */
export interface BootedCopy {
  head(): Head;
  read(from: number, options?: { limit?: number }): AsyncIterable<LedgerRecord>;
  close(): Promise<void>;
}

/** Sentinels of the estate, as the daemon remembers having written them. */
export interface SentinelMemory {
  /** Where the sentinel stands. Rejects SENTINEL_UNKNOWN. */
  spec(name: string): SentinelSpec;
  /** The newest one that was certainly written; null when there is none yet. */
  newest(name: string): Promise<SentinelMark | null>;
  /** Whether this very mark was written; `older`: from a time that is no longer remembered. */
  known(name: string, mark: SentinelMark): Promise<'yes' | 'no' | 'older'>;
}

/** One sentinel as it was written: a random id and the time, ms. */
export interface SentinelMark {
  uuid: string;
  at: number;
}

/**
 * What drivers need. The functions over a ledger folder `dir` are those of the product itself: a drill that verified
 * with a second implementation would prove that one.
 */
export interface DriverDeps {
  fs: Fs;
  clock: Clock;
  ledger: Pick<Ledger, 'append' | 'checkpoint' | 'head' | 'lastTs' | 'read'>;
  artifacts: Pick<Artifacts, 'put' | 'get'>;
  sentinels: SentinelMemory;
  /** What is made outside of a scratch folder is noted there first. */
  leftovers: Leftovers;
  /** The live home, absolute. Its ledger is `<home>/ledger`, backups go to `<home>/backups`. */
  home: string;
  /** The folder that holds the scratch folders of all attempts; the only place inside the home that may be restored into. */
  scratchRoot: string;
  /** Version of Reeve. */
  version: string;
  publicKeys(): readonly PublicKeyInfo[];
  /** Digest of the live projections as folded at this instant. Synchronous: it runs while a record is being sequenced. */
  captureState(): string;
  /** Root of the live ledger's first `size` records, 64 hex digits. */
  rootAt(size: number): Promise<string>;
  /** Full offline verification of a ledger folder. Rejects with LEDGER_* codes. */
  verify(dir: string): Promise<Head>;
  /** Digest, made like `captureState`, of the projections folded anew from the first `size` records of a ledger folder. */
  replay(dir: string, size: number): Promise<string>;
  /** Starts the read side of the service on a ledger folder. */
  boot(dir: string): Promise<BootedCopy>;
  /** Digests of the manifests of backups that a drill has restored and proven: the newest of them is never removed. */
  proven(): ReadonlySet<string>;
  /** How many complete backups are kept. */
  keep?: number;
  /** Tells what was done beyond the outputs (old backups removed, leftovers cleared). */
  note(message: string, fields?: Record<string, unknown>): void;
}
