import type { Many } from './many.ts';
import type { components } from '@octokit/openapi-types';

export type Schemas = components['schemas'];
export type User = Schemas['simple-user'] & { id: number };

/** One repository and what is in it. Answers are GitHub's own types: tsc checks what is made here against them. */
export interface Repo {
  id: number;
  owner: string;
  name: string;
  private: boolean;
  /** Names it had: GitHub redirects from them. */
  formerly: string[];
  deleted: boolean;
  issues: Schemas['issue'][];
  pulls: {
    number: number;
    /** `repo`: null of a fork that was deleted. */
    head: { sha: string; ref: string; repo: { id: number; full_name: string } | null };
    state: 'open' | 'closed';
  }[];
  comments: (Schemas['issue-comment'] & { number: number })[];
  reactions: (Schemas['reaction'] & { comment: number })[];
  deployments: Schemas['deployment'][];
  deploymentStatuses: (Schemas['deployment-status'] & { deployment: number })[];
  statuses: (Schemas['status'] & { sha: string })[];
  releases: Schemas['release'][];
  tags: Schemas['tag'][];
  refs: Schemas['git-ref'][];
  gitTags: Schemas['git-tag'][];
  runs: Schemas['workflow-run'][];
  contents: Map<string, { text: string; sha: string }>;
  /** Lists that are made as they are asked for, in place of the ones above. */
  many?: Partial<Record<'releases' | 'deployments' | 'runs' | 'issues', Many>>;
  /** Its own Git repository, where there is one: what is pushed there is seen here. */
  folder?: string;
}

const HOME = 'https://github.com';
export const API = 'https://api.github.com';

/** What there is. */
export class GithubWorld {
  readonly users = new Map<number, User>();
  readonly repos: Repo[] = [];
  #next = 1000;

  id(): number {
    return ++this.#next;
  }

  /** Seconds since the epoch, as GitHub writes times. */
  time(): string {
    return `${new Date().toISOString().slice(0, 19)}Z`;
  }

  addUser(login: string, { type = 'User' }: { type?: 'User' | 'Bot' } = {}): User {
    const user = userOf(this.id(), login, type);
    this.users.set(user.id, user);
    return user;
  }

  rename(user: User, login: string): void {
    Object.assign(user, userOf(user.id, login, user.type as 'User' | 'Bot'));
  }

  addRepo(owner: string, name: string): Repo {
    const repo: Repo = {
      id: this.id(),
      owner,
      name,
      private: false,
      formerly: [],
      deleted: false,
      issues: [],
      pulls: [],
      comments: [],
      reactions: [],
      deployments: [],
      deploymentStatuses: [],
      statuses: [],
      releases: [],
      tags: [],
      refs: [],
      gitTags: [],
      runs: [],
      contents: new Map(),
    };
    this.repos.push(repo);
    return repo;
  }

  /** Renamed or moved to another owner. */
  move(repo: Repo, owner: string, name: string): void {
    repo.formerly.push(`${repo.owner}/${repo.name}`);
    Object.assign(repo, { owner, name });
  }

  find(owner: string, name: string): { repo: Repo; moved: boolean } | undefined {
    const full = `${owner}/${name}`.toLowerCase();
    const there = this.repos.filter(({ deleted }) => !deleted);
    const repo = there.find((one) => `${one.owner}/${one.name}`.toLowerCase() === full);
    if (repo !== undefined) return { repo, moved: false };
    const before = there.find(({ formerly }) => formerly.some((one) => one.toLowerCase() === full));
    return before && { repo: before, moved: true };
  }
}

export const urlOf = ({ owner, name }: Repo): string => `${API}/repos/${owner}/${name}`;
export const htmlOf = ({ owner, name }: Repo): string => `${HOME}/${owner}/${name}`;
export const nodeId = (kind: string, id: number): string =>
  Buffer.from(`0:${kind}${id}`).toString('base64url');

function userOf(id: number, login: string, type: 'User' | 'Bot'): User {
  const url = `${API}/users/${login}`;
  return {
    login,
    id,
    node_id: nodeId('User', id),
    avatar_url: `https://avatars.githubusercontent.com/u/${id}?v=4`,
    gravatar_id: '',
    url,
    html_url: `${HOME}/${login}`,
    followers_url: `${url}/followers`,
    following_url: `${url}/following{/other_user}`,
    gists_url: `${url}/gists{/gist_id}`,
    starred_url: `${url}/starred{/owner}{/repo}`,
    subscriptions_url: `${url}/subscriptions`,
    organizations_url: `${url}/orgs`,
    repos_url: `${url}/repos`,
    events_url: `${url}/events{/privacy}`,
    received_events_url: `${url}/received_events`,
    type,
    site_admin: false,
  };
}
