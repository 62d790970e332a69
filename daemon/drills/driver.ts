import type { ArtifactRef } from '../../contracts/artifact.ts';
import type { JsonObject } from '../../contracts/json.ts';
import type { Head } from '../ports/ledger.ts';
import type { LedgerRecord } from '../../contracts/record.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { PublicKeyInfo } from '../ports/keys.ts';
import type { Ledger } from '../ports/ledger.ts';

/** What a backup or restore step hands over (daemon/ports/steps.ts). */
export interface DriverContext {
  /** Empty folder of the attempt, 0700. */
  scratch: string;
  job_id: string;
  signal: AbortSignal;
}

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

/**
 * What drivers need. The functions over a ledger folder `dir` are those of the product itself: a drill that verified
 * with a second implementation would prove that one.
 */
export interface DriverDeps {
  fs: Fs;
  clock: Clock;
  ledger: Pick<Ledger, 'append' | 'checkpoint' | 'head' | 'lastTs' | 'read'>;
  artifacts: Pick<Artifacts, 'put'>;
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
  /** How many complete backups are kept. */
  keep?: number;
  /** Tells what was done beyond the outputs (old backups removed, leftovers cleared). */
  note(message: string, fields?: Record<string, unknown>): void;
}
