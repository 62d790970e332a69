import { createHmac, randomUUID } from 'node:crypto';
import { PlatformServer } from '../platform/server.ts';
import { Access, type GithubApp } from './access.ts';
import { addComment, addIssue, issues } from './routes/issues.ts';
import { deployments } from './routes/deployments.ts';
import { graphql } from './routes/graphql.ts';
import { addRef, addRelease, repository } from './routes/repository.ts';
import { Rest } from './rest.ts';
import { runOf } from './payloads.ts';
import { GithubWorld, type Repo, type Schemas, type User } from './world.ts';

/** A delivery as GitHub signs it. */
export interface SignedDelivery {
  body: string;
  headers: Record<string, string>;
}

/** api.github.com on a port of 127.0.0.1. */
export class GithubStandin {
  readonly world = new GithubWorld();
  readonly access = new Access(this.world);
  readonly rest = new Rest(this.world, this.access, () => this.api, [
    ...issues,
    ...deployments,
    ...repository,
    ...graphql,
  ]);
  readonly #server = new PlatformServer({
    call: (call) => this.rest.handle(call),
    upgrade: (_request, socket) => socket.destroy(),
  });

  /** Its address, for `REEVE_GITHUB_API`. */
  get api(): string {
    return `http://127.0.0.1:${this.#server.port}`;
  }

  async start(): Promise<this> {
    await this.#server.listen();
    return this;
  }
  /** Connections are cut, the port refuses. What there was stays. */
  async goDown(): Promise<void> {
    await this.#server.close();
  }
  async comeBack(): Promise<void> {
    await this.#server.listen();
  }
  async close(): Promise<void> {
    await this.#server.close();
  }

  addApp(name = 'reeve'): GithubApp {
    return this.access.addApp(name);
  }
  /** A pull request with this head, of the repository itself or of a fork; null: one that was deleted. */
  addPull(
    repo: Repo,
    by: User,
    { title = 'A change', sha, fork = repo }: { title?: string; sha: string; fork?: Repo | null },
  ): number {
    const number = Number(addIssue({ world: this.world, repo, me: by }, { title }).number);
    const from = fork === null ? null : { id: fork.id, full_name: `${fork.owner}/${fork.name}` };
    repo.pulls.push({ number, head: { sha, ref: `change-${number}`, repo: from }, state: 'open' });
    return number;
  }
  comment(repo: Repo, by: User, number: number, body: string): Schemas['issue-comment'] {
    return addComment({ world: this.world, repo, me: by }, number, body);
  }
  addIssue(
    repo: Repo,
    by: User,
    issue: { title: string; body?: string; labels?: string[] },
  ): Schemas['issue'] {
    return addIssue({ world: this.world, repo, me: by }, issue);
  }
  addRelease(
    repo: Repo,
    by: User,
    release: { tag_name: string; name?: string; body?: string },
  ): Schemas['release'] {
    return addRelease({ world: this.world, repo, me: by }, release);
  }
  addRef(repo: Repo, ref: string, sha: string): Schemas['git-ref'] {
    return addRef(repo, ref, sha);
  }
  addRun(repo: Repo, over: Partial<Schemas['workflow-run']> = {}): Schemas['workflow-run'] {
    const run = runOf(repo, { ...over, id: this.world.id() });
    repo.runs.push(run);
    return run;
  }

  /** The next `times` calls meet it. */
  secondaryLimit(times: number, seconds = 1): void {
    this.rest.faults.plan(
      () => true,
      {
        kind: 'answer',
        answer: {
          status: 403,
          headers: { 'retry-after': String(seconds) },
          body: {
            message:
              'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
            documentation_url: 'https://docs.github.com/rest/overview/rate-limits-for-the-rest-api',
          },
        },
      },
      times,
    );
  }

  /** As GitHub sends it (docs.github.com/webhooks, "Delivery headers"). */
  sign(event: string, payload: object, secret: string, id: string = randomUUID()): SignedDelivery {
    const body = JSON.stringify(payload);
    const hmac = createHmac('sha256', secret).update(body).digest('hex');
    return {
      body,
      headers: {
        accept: '*/*',
        'content-type': 'application/json',
        'user-agent': 'GitHub-Hookshot/044aadd',
        'x-github-delivery': id,
        'x-github-event': event,
        'x-github-hook-id': '292430182',
        'x-github-hook-installation-target-id': '79929171',
        'x-github-hook-installation-target-type': 'repository',
        'x-hub-signature-256': `sha256=${hmac}`,
      },
    };
  }
}

export const startGithub = (): Promise<GithubStandin> => new GithubStandin().start();
