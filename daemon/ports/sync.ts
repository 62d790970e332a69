/** One record that is kept in step, of the estate or of one project. */
export type SyncView = {
  name: string;
  summary: string;
  /** The runbook that runs it. */
  runbook: string;
  /** What it writes, relative to its scope. */
  files: string[];
  /** How far each scope has come; `project` null: the whole estate. The newest last. */
  runs: {
    project: string | null;
    cursor: string;
    /** ms. */
    at: number;
    job: string;
    counts: Record<string, number>;
    conflicts: string[];
  }[];
};

/** What keeps records in step. */
export interface Syncs {
  list(): Promise<SyncView[]>;
  /** Rejects SYNC_UNKNOWN. */
  get(name: string): Promise<SyncView>;
}
