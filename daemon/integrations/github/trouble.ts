import { RequestError } from '@octokit/request-error';
import { ReeveError } from '../../../contracts/errors.ts';
import type { GithubTrouble } from '../../ports/github.ts';
import { oneLine } from '../../text.ts';

/** How long a limit lasts of which GitHub does not say it, ms (docs.github.com/rest, "Rate limits"). */
const SECONDARY = 60_000;

/** What an error of a call means. `now`: ms. Undefined for what is none of GitHub's, or of the way there. */
export function troubleOf(error: unknown, now: number): GithubTrouble | undefined {
  if (error instanceof ReeveError) {
    const ours = error.code.startsWith('GITHUB_') || error.code.startsWith('SECRET');
    return ours ? { kind: 'credential', why: sentence(error.message) } : undefined;
  }
  if (!(error instanceof RequestError)) return undefined;
  const { status, response } = error;
  const why = sentence(oneLine(`GitHub: ${status} ${error.message.split(' - http')[0] ?? ''}`, 300));
  const headers = response?.headers ?? {};
  if (status === 403 || status === 429) {
    const after = Number(headers['retry-after']);
    if (after > 0) return { kind: 'later', why, ms: after * 1000 };
    if (headers['x-ratelimit-remaining'] === '0') {
      const reset = Number(headers['x-ratelimit-reset'] ?? NaN) * 1000;
      const ms = Number.isFinite(reset) ? Math.max(1000, reset - now + 1000) : SECONDARY;
      return { kind: 'later', why, ms };
    }
    if (status === 429 || /secondary rate limit|abuse/i.test(error.message))
      return { kind: 'later', why, ms: SECONDARY };
    return { kind: 'gone', why };
  }
  // Octokit calls what never got an answer a 500.
  if (status >= 500 || status === 408) return { kind: 'later', why };
  if (status === 401) return { kind: 'credential', why };
  if (status === 404 || status === 410 || status === 451) return { kind: 'gone', why };
  return { kind: 'refused', why };
}

/** Without its full stop: what is said of it goes on. */
const sentence = (text: string): string => text.replace(/\.$/, '');
