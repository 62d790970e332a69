import { onTestFinished } from 'vitest';
import { ESTATE, RUNBOOKS, openWorld, type World } from '../helpers/app.ts';
import type { GithubStandin } from '../standins/github/index.ts';
import { commentPayload } from '../standins/github/payloads.ts';
import type { Repo, Schemas, User } from '../standins/github/world.ts';
import { standin } from './rig.ts';

export const HOOK = 'a secret that GitHub and we know';
export const SHA = 'a'.repeat(40);

export interface Scene extends World {
  github: GithubStandin;
  repo: Repo;
  pull: number;
  users: { ana: User; ben: User; eve: User; bot: User };
  /** Writes a comment; resolves when the daemon has done with it, as far as GitHub takes what it writes. */
  say(
    by: User,
    body: string,
    more?: { action?: 'created' | 'edited'; id?: string; number?: number },
  ): Promise<Schemas['issue-comment']>;
  /** Sends this comment (once more). */
  deliver(
    comment: Schemas['issue-comment'],
    by: User,
    more?: { action?: 'created' | 'edited'; id?: string; number?: number; repo?: Repo; issue?: boolean },
  ): Promise<number>;
  settled(): Promise<void>;
  reactions(comment: Schemas['issue-comment']): string[];
  /** Bodies of the comments that Reeve wrote. */
  ours(): string[];
}

/** A real daemon and a stand-in of GitHub with a repository of the project `shop`. */
export async function scene(runbooks: Record<string, string> = RUNBOOKS): Promise<Scene> {
  const github = await standin();
  const app = github.addApp();
  const users = {
    ana: github.world.addUser('ana'),
    ben: github.world.addUser('ben'),
    eve: github.world.addUser('eve'),
    bot: github.world.addUser('ci[bot]', { type: 'Bot' }),
  };
  const repo = github.world.addRepo('acme', 'shop');
  const pull = github.addPull(repo, users.ana, { sha: SHA });
  github.addRef(repo, 'refs/heads/main', 'b'.repeat(40));
  const estate = ESTATE.replace(
    'ana: { roles: [operator],',
    `ana: { roles: [operator], github: [${users.ana.id}],`,
  )
    .replace('ben: { roles: [approver] }', `ben: { roles: [approver], github: [${users.ben.id}] }`)
    .replace('  shop:\n', '  shop:\n    runbooks: { deploy: touch }\n');
  const world = await openWorld({ estate, runbooks, settings: { REEVE_GITHUB_API: github.api } });
  for (const [name, value] of Object.entries({ github_webhook: HOOK, github_key: app.privateKey }))
    await world.as('root', { command: 'secret set', args: { name, value } });
  const integrations = `integrations:
  github:
    app: { id: ${app.id}, installation: ${app.installation} }
    repositories: { '${repo.id}': shop }
`;
  await world.write('reeve.yaml', estate + integrations);
  const reloaded = await world.as('root', { command: 'config reload' });
  if (!reloaded.ok) throw new Error(JSON.stringify(reloaded.error));
  const open: Scene = Object.assign(world, {
    github,
    repo,
    pull,
    users,
    async say(
      by: User,
      body: string,
      { number = pull, ...more }: { action?: 'created' | 'edited'; id?: string; number?: number } = {},
    ) {
      const comment = github.comment(repo, by, number, body);
      await open.deliver(comment, by, { ...more, number });
      await open.settled();
      return comment;
    },
    async deliver(
      comment: Schemas['issue-comment'],
      by: User,
      {
        action = 'created',
        id,
        number = pull,
        repo: of = repo,
        issue = false,
      }: { action?: 'created' | 'edited'; id?: string; number?: number; repo?: Repo; issue?: boolean } = {},
    ) {
      const payload = commentPayload(of, { number, comment, sender: by, action, issue });
      const { headers, body } = github.sign('issue_comment', payload, HOOK, id);
      const answer = await fetch(`${world.app.url}/webhooks/github`, { method: 'POST', headers, body });
      return answer.status;
    },
    settled: () => world.app.githubSettled(),
    reactions: ({ id }: Schemas['issue-comment']) =>
      repo.reactions.filter(({ comment }) => comment === Number(id)).map(({ content }) => content),
    ours: () =>
      repo.comments
        .filter(({ user }) => user?.type === 'Bot' && user.login === 'reeve[bot]')
        .map(({ body }) => body ?? ''),
  });
  onTestFinished(() => {
    if (github.rest.wrong.length > 0) throw new Error(github.rest.wrong.join('\n'));
  });
  return open;
}

/** What the plan asks for. */
export function confirmIn(body: string | undefined): string {
  const found = /\/reeve confirm [0-9a-f]{16}/.exec(body ?? '')?.[0];
  if (found === undefined) throw new Error(`nothing to confirm in: ${body}`);
  return found;
}
