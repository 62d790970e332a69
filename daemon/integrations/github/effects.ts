import { z } from 'zod';
import type { Effect } from '../../ports/effect.ts';
import type { GithubRepository } from '../../ports/github.ts';
import type { GithubState } from './projection.ts';

/** A release that Reeve cut: its tag, the commit that is tagged, and the jobs that worked on it. */
export interface OwnRelease {
  tag: string;
  commit: string;
  jobs: readonly string[];
}

export interface EffectDeps {
  state: GithubState;
  /** Number of the app that Reeve is. */
  app: number | undefined;
  /** Of the project that this repository belongs to. */
  releases(repository: GithubRepository): readonly OwnRelease[];
}

const Id = z.object({ id: z.int().min(1) });
const Head = z.object({ head_sha: z.string() });
/** What goes by in all kinds of events; GitHub adds fields as it likes. */
const Facts = z.object({
  repository: z.object({ id: z.int().min(1), full_name: z.string().max(150) }),
  sender: Id.optional(),
  comment: z
    .object({
      id: z.int().min(1),
      body: z.string().default(''),
      user: Id,
      performed_via_github_app: Id.nullish(),
    })
    .optional()
    .catch(undefined),
  release: z.object({ id: z.int(), tag_name: z.string() }).optional(),
  ref: z.string().optional().catch(undefined),
  ref_type: z.string().optional(),
  after: z.string().optional(),
  head_commit: z.object({ id: z.string() }).nullish().catch(null),
  workflow_run: Head.optional(),
  check_suite: Head.optional(),
});
type Facts = z.infer<typeof Facts>;

/**
 * What of an event of GitHub is our own doing. Known by what the ledger says that we wrote, durably before GitHub heard of
 * it, and by the app that we are; never by names, nor by an account, which may be a person's own.
 */
export function githubEffect(event: string, payload: object, deps: EffectDeps): Effect | undefined {
  const read = Facts.safeParse(payload);
  if (!read.success) return undefined;
  const facts = read.data;
  if (event === 'issue_comment') return ownComment(facts, deps);
  const release = deps.releases(facts.repository).findLast((one) => isOf(event, facts, one));
  return release === undefined
    ? undefined
    : {
        what: `the ${nounOf(event, facts)} of ${release.tag}, which Reeve released`,
        jobs: [...release.jobs],
        talk: false,
      };
}

/** What somebody else does to our comment is theirs. */
function ownComment({ comment, sender, repository }: Facts, { state, app }: EffectDeps): Effect | undefined {
  if (comment === undefined || sender?.id !== comment.user.id) return undefined;
  const mine =
    (app !== undefined && comment.performed_via_github_app?.id === app) ||
    isWritten(comment, state, repository.id);
  return mine
    ? { what: `Reeve's own comment ${comment.id} on ${repository.full_name}`, jobs: [], talk: true }
    : undefined;
}

/**
 * Whether it is one that we wrote. It may be here before GitHub's answer to us: then by the mark it begins with, which nobody
 * knows before it stands there; later, by its number alone, since anybody may copy the mark.
 */
function isWritten(
  { id, body }: { id: number; body: string },
  { asks }: GithubState,
  repository: number,
): boolean {
  const [, marked = ''] = /^<!-- reeve (dlv_[0-9a-f]{24})/.exec(body) ?? [];
  const ask = asks[marked];
  if (ask?.repository.id === repository) {
    const known = ask.wrote['comment']?.id;
    if (known === undefined || known === id) return true;
  }
  return Object.values(asks).some(
    (one) => one.repository.id === repository && one.wrote['comment']?.id === id,
  );
}

/** Whether the event is about what this release brought there: its tag, its commit, GitHub's page of it, a run on it. */
function isOf(event: string, facts: Facts, { tag, commit }: OwnRelease): boolean {
  const { release, ref, ref_type, after, head_commit, workflow_run, check_suite } = facts;
  switch (event) {
    case 'release':
      return release?.tag_name === tag;
    case 'create':
      return ref_type === 'tag' && ref === tag;
    case 'push':
      // An annotated tag has a number of its own; what it is of is the head.
      return ref === `refs/tags/${tag}` ? head_commit?.id === commit || after === commit : after === commit;
    case 'workflow_run':
      return workflow_run?.head_sha === commit;
    case 'check_suite':
      return check_suite?.head_sha === commit;
    default:
      return false;
  }
}

function nounOf(event: string, { ref = '' }: Facts): string {
  if (event === 'push') return ref.startsWith('refs/tags/') ? 'tag' : 'commit';
  return { release: 'release', create: 'tag' }[event] ?? event.replaceAll('_', ' ');
}
