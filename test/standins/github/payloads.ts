import examples from '@octokit/webhooks-examples' with { type: 'json' };
import type { WebhookEventMap, WebhookEventName } from '@octokit/webhooks-types';
import { htmlOf, urlOf, type Repo, type Schemas, type User } from './world.ts';

/** Payloads that GitHub once sent (@octokit/webhooks-examples). */
export const examplesOf = (name: WebhookEventName): { action?: string }[] =>
  (examples as unknown as { name: string; examples: { action?: string }[] }[]).find(
    (one) => one.name === name,
  )?.examples ?? [];

/** The first of them, of this action. */
export function example<T extends WebhookEventName>(name: T, action?: string): WebhookEventMap[T] {
  const found = examplesOf(name).find((one) => action === undefined || one.action === action);
  if (found === undefined) throw new Error(`there is no example of ${name} ${action ?? ''}`);
  return structuredClone(found as unknown as WebhookEventMap[T]);
}

/** A repository that GitHub once described, under another name and number. */
export function repositoryOf(repo: Repo): Schemas['full-repository'] {
  const base = JSON.stringify(example('issue_comment', 'created').repository);
  const renamed = base
    .replaceAll('https://api.github.com/repos/Codertocat/Hello-World', urlOf(repo))
    .replaceAll('https://github.com/Codertocat/Hello-World', htmlOf(repo));
  const { id, owner, name } = repo;
  return {
    ...(JSON.parse(renamed) as Schemas['full-repository']),
    id,
    name,
    full_name: `${owner}/${name}`,
    private: repo.private,
    default_branch: 'main',
    network_count: 0,
    subscribers_count: 0,
  };
}

/** A workflow run that GitHub once described. */
export function runOf(
  repo: Repo,
  over: Partial<Schemas['workflow-run']> & { id: bigint | number },
): Schemas['workflow-run'] {
  const { workflow_run } = example('workflow_run', 'completed');
  return {
    ...(workflow_run as unknown as Schemas['workflow-run']),
    repository: { ...(workflow_run as unknown as Schemas['workflow-run']).repository, id: repo.id },
    url: `${urlOf(repo)}/actions/runs/${over.id}`,
    html_url: `${htmlOf(repo)}/actions/runs/${over.id}`,
    ...over,
  };
}

/** A comment on a pull request, as it is delivered. */
export function commentPayload(
  repo: Repo,
  {
    number,
    comment,
    sender,
    action = 'created',
    issue = false,
  }: {
    number: number;
    comment: Schemas['issue-comment'];
    sender: User;
    action?: 'created' | 'edited' | 'deleted';
    /** On an issue that is no pull request. */
    issue?: boolean;
  },
): object {
  const base = example('issue_comment', action);
  const url = `${urlOf(repo)}/issues/${number}`;
  return {
    ...base,
    issue: {
      ...base.issue,
      number,
      url,
      comments_url: `${url}/comments`,
      html_url: `${htmlOf(repo)}/pull/${number}`,
      ...(issue
        ? {}
        : {
            pull_request: {
              url: `${urlOf(repo)}/pulls/${number}`,
              html_url: `${htmlOf(repo)}/pull/${number}`,
            },
          }),
    },
    comment,
    repository: repositoryOf(repo),
    sender,
  };
}
