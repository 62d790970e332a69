/** What is mirrored of a repository. */
export type MirrorKind = 'releases' | 'deployments' | 'runs' | 'issues';
export const MIRROR_KINDS: readonly MirrorKind[] = ['releases', 'deployments', 'runs', 'issues'];

/** One thing of GitHub, as far as it is kept. Its number there is its identity. */
export type MirrorItem = {
  id: number;
  /** ms. */
  created: number;
  /** Of the state told here, by GitHub's clock, ms. */
  at: number;
  title: string;
  /** `published`, `draft`; of the newest status of a deployment, `pending` without one; `success`, `in_progress`; `open`, `closed`. */
  state: string;
  /** The tag, ref, branch or `#number`. */
  ref: string;
  by: string | null;
  /** Stays when they rename themselves. */
  by_id: number | null;
  url: string;
  labels?: string[];
  deleted?: true;
};

/** A mirrored repository. */
export type MirrorRepository = {
  id: number;
  /** As reeve.yaml names it. */
  named: string;
  /** Its name when it was last seen. */
  full_name: string;
};

export type MirrorRow = MirrorItem & { project: string; repository: string };

/** What is mirrored of GitHub, for people. */
export interface Mirror {
  /** Newest first, at most `limit` of each repository whose project `sees` admits. */
  list(kind: MirrorKind, limit: number, sees: (project: string) => boolean): Promise<MirrorRow[]>;
}
