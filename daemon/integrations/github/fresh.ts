import { fail } from '../../../contracts/errors.ts';
import { duration } from '../../../contracts/units.ts';
import type { GithubDeps } from './deps.ts';
import type { CommentDelivery } from './payload.ts';

/** A comment that is older is not acted on by itself, ms. */
const LATE = 3_600_000;
/** For the answer of GitHub, ms: other comments wait behind this one. */
const WITHIN = 10_000;

/**
 * A delivery may come for the first time long after it was written, since no daemon ran, or since somebody pressed
 * "Redeliver" over there: whoever may do that there need not be anybody here. One that a person here has handled once more
 * (`again`, at that time) counts however old it is, as far as it still stands there as it was sent.
 *
 * Rejects GITHUB_LATE, GITHUB_WITHDRAWN.
 */
export async function requireFresh(
  deps: Pick<GithubDeps, 'clock' | 'github'>,
  event: CommentDelivery,
  { delivery, at, again }: { delivery: string; at: number; again: boolean },
): Promise<void> {
  const now = deps.clock.now();
  const written = Date.parse(event.comment.created_at ?? '');
  const age = now - Math.min(at, Number.isNaN(written) ? at : written);
  if (age <= LATE) return;
  if (!again || now - at > LATE)
    throw fail('GITHUB_LATE', { age: duration(age), most: duration(LATE), delivery });
  await requireStanding(deps, event);
}

/** In an hour and more people change their minds: the comment may be deleted, or say something else. */
async function requireStanding(
  { github }: Pick<GithubDeps, 'github'>,
  { repository, comment: { id, body } }: CommentDelivery,
): Promise<void> {
  const [owner = '', repo = ''] = repository.full_name.split('/');
  let now: string | undefined;
  try {
    const client = await github.client();
    const { data } = await client.request('GET /repos/{owner}/{repo}/issues/comments/{comment_id}', {
      owner,
      repo,
      comment_id: id,
      request: { patience: 5, signal: AbortSignal.timeout(WITHIN) },
    });
    now = data.body ?? '';
  } catch (error) {
    const trouble = await github.trouble(error);
    const why =
      trouble?.kind === 'gone'
        ? 'it was deleted'
        : `GitHub does not say: ${trouble?.why.replace(/\.$/, '') ?? 'no answer in time'}`;
    throw fail('GITHUB_WITHDRAWN', { why }, { cause: error });
  }
  if (now !== body) throw fail('GITHUB_WITHDRAWN', { why: 'it says something else now' });
}
