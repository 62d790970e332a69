import type semverModule from 'semver';
import type { ReleasePlan } from '../ports/releases.ts';
import { messageVersion } from './message.ts';
import { bumpOf, notesOf, readChanges } from './notes.ts';
import { begunAt, type Begun, type Open } from './open.ts';
import { Repository, type Place } from './repository.ts';

export interface Ask extends Place {
  version?: string | undefined;
  pre?: string | undefined;
  clean(text: string): string;
  /** Files that may be changed: what a run before this one has left. */
  mayChange?: readonly string[];
  /** What the ledger has not done with. */
  open: Open | undefined;
  /** Whether the ledger has this release. */
  isCut(version: string): boolean;
}

/** What goes on, where it is the one that is asked for. Rejects RELEASE_REFUSED while another one is not finished. */
async function resumedAt(
  repository: Repository,
  at: { branch: string; head: string },
  ask: Ask,
): Promise<Begun | undefined> {
  const begun = await begunAt(repository, at, ask);
  if (begun === undefined || ask.version === undefined || ask.version === begun.version) return begun;
  throw repository.refuse(
    `v${begun.version} is begun and not finished: \`reeve release --project ${ask.project}\` goes on with it, or take its tag and its commit back first`,
  );
}

/** Reads the repository and says what the next release is. Changes nothing. */
export async function propose(ask: Ask): Promise<ReleasePlan & { begun: Begun | undefined }> {
  const repository = new Repository(ask);
  const semver = (await import('semver')).default;
  const branch = await repository.branch();
  const head = await repository.head();
  const begun = await resumedAt(repository, { branch, head }, ask);
  const changed = (await repository.changed()).filter((name) => ask.mayChange?.includes(name) !== true);
  if (changed.length > 0)
    throw repository.refuse(`these files are changed and not committed: ${changed.slice(0, 5).join(', ')}`);
  const base = begun?.base ?? head;
  const known = (await repository.tags(base)).flatMap((tag) => semver.parse(tag) ?? []);
  const newest = known.toSorted((a, b) => semver.rcompare(a, b))[0];
  const full = known.filter(({ prerelease }) => prerelease.length === 0).toSorted(semver.rcompare)[0];
  // A full version tells all since the last full one, not since its own candidates.
  const named = begun?.version ?? ask.version;
  const isCandidate =
    (begun === undefined && ask.pre !== undefined) ||
    (named !== undefined && semver.prerelease(named) !== null);
  const previous = isCandidate ? newest : full;
  const messages = await repository.messages(
    previous === undefined ? undefined : `v${previous.version}`,
    base,
  );
  const told = await readChanges(messages.filter(({ text }) => messageVersion(text) === undefined));
  const bump = bumpOf(told);
  if (bump === undefined) throw repository.refuse(`nothing was committed since v${previous?.version ?? ''}`);
  const version =
    begun?.version ?? nextVersion(semver, previous?.version, newest?.version, bump, ask, repository);
  const tag = `v${version}`;
  const there = await repository.tagged(tag);
  if (there !== undefined && there !== begun?.commit)
    throw repository.refuse(`the tag ${tag} is there already, at ${there.slice(0, 12)}`);
  return {
    project: ask.project,
    version,
    tag,
    base,
    branch,
    previous: previous === undefined ? null : `v${previous.version}`,
    bump,
    commits: told.length,
    resumed: begun !== undefined,
    notes: notesOf(told, ask.clean),
    begun,
  };
}

function nextVersion(
  semver: typeof semverModule,
  previous: string | undefined,
  newest: string | undefined,
  bump: 'major' | 'minor' | 'patch',
  { version, pre }: Pick<Ask, 'version' | 'pre'>,
  repository: Repository,
): string {
  if (version !== undefined) {
    const asked = semver.valid(version);
    if (asked === null) throw repository.refuse(`"${version.slice(0, 40)}" is no SemVer version`);
    if (newest !== undefined && semver.lte(asked, newest))
      throw repository.refuse(`${asked} is not above ${newest}`);
    return asked;
  }
  // SemVer 2.0, 4: below 1.0.0 anything may change; what breaks raises the minor version.
  const young = previous === undefined || semver.major(previous) === 0;
  const step = bump === 'major' && young ? 'minor' : bump;
  const next =
    pre === undefined
      ? previous === undefined
        ? '0.1.0'
        : semver.inc(previous, step)
      : newest !== undefined && semver.prerelease(newest)?.[0] === pre
        ? semver.inc(newest, 'prerelease', pre)
        : semver.inc(previous ?? '0.0.0', `pre${step}`, pre);
  if (next === null) throw repository.refuse(`no version follows ${previous ?? 'nothing'}`);
  return next;
}
