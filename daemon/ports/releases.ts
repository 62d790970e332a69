/** What a release would be, or is. */
export type ReleasePlan = {
  project: string;
  /** SemVer, without the v. */
  version: string;
  tag: string;
  /** The commit that it is made from; the release itself is a commit on top of it, with the changelog. */
  base: string;
  branch: string;
  /** The tag before; null: it is the first one. */
  previous: string | null;
  /** Why this version: the greatest change among the commits. */
  bump: 'major' | 'minor' | 'patch';
  commits: number;
  /** Begun before, and not finished: it is completed. */
  resumed: boolean;
  /** Markdown. */
  notes: string;
};

/** Cuts versions out of a project's repository. */
export interface Releases {
  /**
   * Reads what the next version would be; changes nothing. Rejects RELEASE_REFUSED: not a repository, detached, changed
   * files, a tag that is there, nothing to release.
   */
  propose(
    project: string,
    wish: { version?: string | undefined; pre?: string | undefined },
  ): Promise<ReleasePlan>;
}
