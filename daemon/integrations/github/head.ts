import { fail } from '../../../contracts/errors.ts';
import type { GithubRepository } from '../../ports/github.ts';
import type { GithubDeps } from './deps.ts';

/** For the answer, ms: other comments wait behind this one. */
const WITHIN = 10_000;

/**
 * The commit at the head of a pull request. Rejects GITHUB_FORK where it is not in the repository itself: whoever opens such
 * a pull request decides what it holds, and may be anybody. Rejects GITHUB_HEAD where GitHub does not say.
 */
export async function headOf(
  { github }: Pick<GithubDeps, 'github'>,
  { id, full_name }: GithubRepository,
  pull: number,
): Promise<string> {
  const [owner = '', repo = ''] = full_name.split('/');
  let head;
  try {
    const client = await github.client();
    const { data } = await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      owner,
      repo,
      pull_number: pull,
      request: { patience: 5, signal: AbortSignal.timeout(WITHIN) },
    });
    head = data.head;
  } catch (error) {
    const why = (await github.trouble(error))?.why.replace(/\.$/, '') ?? 'GitHub did not answer in time';
    throw fail('GITHUB_HEAD', { why }, { cause: error });
  }
  // GitHub types it as always there; of a fork that was deleted it is null.
  const from: { id: number | bigint; full_name: string } | null = head.repo;
  if (from === null || Number(from.id) !== id)
    throw fail('GITHUB_FORK', {
      where: from === null ? 'a fork that is gone' : `the fork ${from.full_name}`,
    });
  return head.sha;
}
