import type { SyncName } from '../../contracts/estate/sync-files.ts';
import type { EstateConfig } from '../../contracts/estate.ts';
import type { Clock } from '../ports/clock.ts';
import type { StateView } from '../ports/state.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Github } from '../ports/github.ts';
import type { Linear } from '../ports/linear.ts';
import type { GithubMirror } from './github/mirror.ts';

/** What a sync job may use. */
export interface SyncDeps {
  clock: Clock;
  estate: EstateConfig;
  /** Folder of the estate. */
  root: string;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** A file of people, below the estate; undefined where there is none. Rejects ZONE_REFUSED and SYNC_FILE. */
  read(file: string): Promise<string | undefined>;
  /** A file that a schema is taken from, below the estate; any zone. */
  source(file: string): Promise<Buffer>;
  ledger: Pick<Ledger, 'read' | 'append'>;
  state: StateView;
  github: Pick<Github, 'client' | 'trouble'>;
  mirror: GithubMirror;
  linear: Pick<Linear, 'reconcile' | 'todos' | 'tellTodo'>;
  /** Replaces what was read (`before`), durably. Rejects SYNC_FILE when somebody has changed it since then. */
  write(file: string, text: string, before: string | undefined): Promise<void>;
}

export interface SyncRun {
  /** The job that runs it. */
  job: string;
  /** Undefined: the whole estate. */
  project: string | undefined;
  /** What it writes, below the estate. */
  files: readonly string[];
  /** From here on, whatever the cursor says. */
  since: string | undefined;
  /** Says what it would write, and writes nothing. */
  dryRun: boolean;
  /** Where the last run has come to. */
  cursor: string | undefined;
  signal: AbortSignal;
  /** Lines for the job's log. */
  log(text: string): Promise<void>;
  /** Everything up to this cursor is done and lasts. Durable when it resolves; nothing in a dry run. */
  advance(cursor: string, counts: SyncCounts, conflicts: readonly string[]): Promise<void>;
}

export type SyncCounts = Record<string, number>;

export interface SyncResult {
  title: string;
  /** A few lines of Markdown for a channel. */
  headline: string;
  counts: SyncCounts;
  /** A line for each thing that was written or, in a dry run, would be, and for what stays. */
  changes: readonly string[];
  /** What people had changed and was left as it is. */
  conflicts: readonly string[];
  /** Kept as an artifact of the job. */
  document: { name: string; mediaType: string; text: string };
}

const DID = { written: 'written', unchanged: 'stays as it is', conflict: 'left as people had it' } as const;

/** How a file comes out of a run, for `changes`. `dry`: it was not written. */
export const fileLine = (file: string, outcome: keyof typeof DID, dry: boolean): string =>
  `${file}: ${dry && outcome === 'written' ? 'would be written' : DID[outcome]}`;

/** One kind of record that is kept in step. */
export interface SyncJob {
  /** As in `reeve sync run NAME`. */
  name: SyncName;
  summary: string;
  /** The shipped runbook that runs it. */
  runbook: string;
  run(run: SyncRun, deps: SyncDeps): Promise<SyncResult>;
}
