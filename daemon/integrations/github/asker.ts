import { fail } from '../../../contracts/errors.ts';
import type { Caller } from '../../ports/door.ts';
import { cut } from '../../text.ts';
import type { GithubDeps } from './deps.ts';
import type { CommentDelivery } from './payload.ts';
import { interactionOf } from './projection.ts';

/** Who wrote a comment, by number. Throws GITHUB_EDITED, GITHUB_BOT, PERSON_UNKNOWN. */
export function personOf(
  { identify }: Pick<GithubDeps, 'identify'>,
  { action, comment: { user, performed_via_github_app: app }, sender }: CommentDelivery,
): string {
  if (action !== 'created') throw fail('GITHUB_EDITED');
  if (user.type !== 'User' || sender.id !== user.id || app != null)
    throw fail('GITHUB_BOT', { account: cut(user.login, 60) });
  return identify(user.id);
}

/** The project that a comment is about. Throws GITHUB_PLACE. */
export function projectOf(
  { github }: Pick<GithubDeps, 'github'>,
  { repository, issue }: CommentDelivery,
): string {
  const project = github.projectOf(repository);
  if (project === undefined)
    throw fail('GITHUB_PLACE', { where: `The repository ${repository.id} belongs to no project` });
  if (issue.pull_request === undefined) throw fail('GITHUB_PLACE', { where: 'This is no pull request' });
  return project;
}

export const callerOf = (delivery: string, person: string, account: number): Caller => ({
  person,
  via: 'github',
  account: String(account),
  interactive: true,
  interaction: interactionOf(delivery),
});
