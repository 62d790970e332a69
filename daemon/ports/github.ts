import type { Octokit } from '@octokit/core';
import type { PaginateInterface } from '@octokit/plugin-paginate-rest';

/**
 * GitHub's own client: `request('GET /repos/{owner}/{repo}/releases', …)` and `paginate.iterator(…)`, typed by GitHub's
 * description of its API. It waits out short rate limits and tries again what failed on GitHub's side; with
 * `request: { retries: 0, patience: 0 }` a call fails at once instead. Rejects RequestError of @octokit/request-error.
 */
export type GithubClient = Octokit & { paginate: PaginateInterface };

/** A repository as GitHub says it: the number stays when it is renamed or moved. */
export interface GithubRepository {
  id: number;
  /** `owner/name`. */
  full_name: string;
}

/** How a call to GitHub failed, for those who decide what comes next. */
export type GithubTrouble =
  /** It may go well later. `ms`: GitHub said when. */
  | { kind: 'later'; why: string; ms?: number }
  /** Nothing goes well before a person has looked at the token, the key or the app. */
  | { kind: 'credential'; why: string }
  /** The repository, comment … is not there, or not for us. */
  | { kind: 'gone'; why: string }
  /** It did not like what was sent. */
  | { kind: 'refused'; why: string };

/** What GitHub is to Reeve. */
export interface Github {
  /** Whether reeve.yaml names an app or a token. */
  configured(): boolean;
  /**
   * The same client until the file or the secret changes. Rejects GITHUB_NOT_CONFIGURED, SECRET_NOT_FOUND, and
   * GITHUB_KEY_INVALID for an app's key that is none.
   */
  client(): Promise<GithubClient>;
  /** The next `client` signs in anew: what it signed in with was refused, and may be taken now. */
  renew(): void;
  /** What an error of a call means; undefined for what is no error of GitHub. */
  trouble(error: unknown): Promise<GithubTrouble | undefined>;
  /** The project a repository belongs to, by its number or else its name. */
  projectOf(repository: GithubRepository): string | undefined;
  /** As reeve.yaml names them: `owner/name`, or the number. */
  repositoriesOf(project: string): string[];
  /** The repository that reeve.yaml names. Rejects as `client`, and what GitHub says. */
  repository(named: string): Promise<GithubRepository>;
}
