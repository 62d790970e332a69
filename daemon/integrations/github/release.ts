import { RequestError } from '@octokit/request-error';
import type { GithubClient } from '../../ports/github.ts';
import type { GithubDeps } from './deps.ts';
import type { Step } from './outbox.ts';
import type { Releasing } from './projection.ts';

/** A tag that was just pushed may take so long to be seen, ms. */
const TAG_MS = 60_000;

/** What GitHub has is not what the release needs. `later`: it may have it in a moment. */
export class ReleaseTrouble extends Error {
  readonly kind: 'later' | 'refused';
  constructor(kind: 'later' | 'refused', why: string) {
    super(why);
    this.kind = kind;
  }
}

type At = { owner: string; repo: string; request: object };

/** The next thing to be written of a release: the release itself. One that people made of the tag is theirs, and stays as it is. */
export async function stepOfRelease(
  deps: GithubDeps,
  release: Releasing,
  signal: AbortSignal,
): Promise<Step> {
  const { wrote, repository, tag, prerelease, notes } = release;
  if (wrote['release'] !== undefined) return { what: 'over', as: wrote['release'].as };
  const github = await deps.github.client();
  const { full_name } = await deps.github.repository(repository);
  const [owner = '', repo = ''] = full_name.split('/');
  const at = { owner, repo, request: { retries: 0, patience: 0, signal } };
  const body = Buffer.from(await deps.artifacts.get(notes.digest ?? '')).toString('utf8');
  const there = await found(github, at, { tag, body });
  if (there !== undefined) return there;
  await mustBeTagged(deps, github, at, release);
  await mustBeNoDraft(github, at, tag);
  try {
    const { data } = await github.request('POST /repos/{owner}/{repo}/releases', {
      ...at,
      tag_name: tag,
      name: tag,
      body,
      prerelease,
    });
    return { what: 'release', as: 'made', id: Number(data.id), url: data.html_url };
  } catch (error) {
    // Somebody was faster, or the answer to our own try was lost.
    const other = isTaken(error) ? await found(github, at, { tag, body }) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

const isTaken = (error: unknown): boolean => error instanceof RequestError && error.status === 422;

/** The release of the tag: ours, of which the answer was lost, says what ours says. */
async function found(
  github: GithubClient,
  at: At,
  { tag, body }: { tag: string; body: string },
): Promise<Step> {
  try {
    const { data } = await github.request('GET /repos/{owner}/{repo}/releases/tags/{tag}', { ...at, tag });
    const as = data.body === body ? 'made' : 'adopted';
    return { what: 'release', as, id: Number(data.id), url: data.html_url };
  } catch (error) {
    if (error instanceof RequestError && error.status === 404) return undefined;
    throw error;
  }
}

/** A draft is found under no tag: whoever wrote it means it to be the release, so there must not be another one beside it. */
async function mustBeNoDraft(github: GithubClient, at: At, tag: string): Promise<void> {
  const { data } = await github.request('GET /repos/{owner}/{repo}/releases', { ...at, per_page: 100 });
  if (data.some(({ draft, tag_name }) => draft && tag_name === tag))
    throw new ReleaseTrouble(
      'refused',
      `${at.owner}/${at.repo} has a draft of ${tag}: publish it or delete it there`,
    );
}

/** Of a tag that is not there GitHub would make one of its own, on whatever the default branch has by then. */
async function mustBeTagged(
  deps: GithubDeps,
  github: GithubClient,
  at: At,
  { tag, object, at: since }: Releasing,
): Promise<void> {
  let there: string | undefined;
  try {
    const ref = `tags/${tag}`;
    const { data } = await github.request('GET /repos/{owner}/{repo}/git/ref/{ref}', { ...at, ref });
    there = data.object.sha;
  } catch (error) {
    if (!(error instanceof RequestError && error.status === 404)) throw error;
  }
  if (there === object) return;
  const where = `${at.owner}/${at.repo}`;
  if (there !== undefined)
    throw new ReleaseTrouble('refused', `${where} has another ${tag} than the one that was pushed`);
  const young = deps.clock.now() - since < TAG_MS;
  throw new ReleaseTrouble(young ? 'later' : 'refused', `${where} has no tag ${tag}`);
}
