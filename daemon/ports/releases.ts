/** How a release stands to the remote that reeve.yaml declares. */
export type ReleaseRemote = {
  address: string;
  branch: string;
  /** The branch's newest commit there; null: there is no such branch yet. */
  tip: string | null;
  /** The tag is there already, and is this release's. */
  tagged: boolean;
  /** The branch there has gone on beyond this release. */
  ahead: boolean;
};

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
  /** Out of the commits, as Markdown. */
  notes: string;
};

/** All of what a release would do, for people. */
export type ReleasePreview = ReleasePlan & {
  /** What the changelog will say, as Markdown. */
  text: string;
  /** Files of its commit, relative to the project's folder, with a unified diff. Empty once it is committed. */
  files: { name: string; diff: string }[];
  /** What runs in the repository, as people would type it. */
  commands: string[];
  /** Null: it stays in this repository. */
  remote: ReleaseRemote | null;
  /** Null: GitHub hears nothing. */
  github: { repository: string; call: string; tag_name: string; prerelease: boolean; body: string } | null;
  announcement: { title: string; text: string };
};

/** Cuts versions out of a project's repository. */
export interface Releases {
  /**
   * Reads what the next version would be, and asks the remote whether it can go there; changes nothing. Rejects
   * RELEASE_REFUSED: not a repository, detached, changed files, a tag that is there, nothing to release, a remote that is
   * ahead or cannot be asked.
   */
  propose(
    project: string,
    wish: { version?: string | undefined; pre?: string | undefined },
  ): Promise<ReleasePreview>;
}
