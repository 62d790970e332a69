import { day } from '../calendar.ts';
import type { ReleasePlan } from '../ports/releases.ts';
import { hasVersion, withVersion } from './changelog.ts';
import { CHANGELOG, messageOf, propose, releaseAt, type Ask } from './propose.ts';
import { Repository } from './repository.ts';

export interface Cut extends Ask {
  /** As confirmed. */
  base: string;
  version: string;
  job: string;
  by: string;
  timezone: string;
  dryRun: boolean;
  /** CHANGELOG.md of the project, through the zones. */
  read(): Promise<string | undefined>;
  write(text: string, before: string | undefined): Promise<void>;
  log(text: string): Promise<void>;
}

export interface Released extends ReleasePlan {
  /** The commit that is tagged; the base in a dry run. */
  commit: string;
  /** What stands in the changelog. */
  text: string;
}

/**
 * Cuts the version that was confirmed from the commit that was confirmed: the changelog, a commit with it alone, an
 * annotated tag. Each part is looked at before it is made, so that whoever was stopped between two of them runs it again.
 */
export async function cut(ask: Cut): Promise<Released> {
  const repository = new Repository(ask);
  const branch = await repository.branch();
  const head = await repository.head();
  const begun = await releaseAt(repository, head);
  const isOurs = begun?.version === ask.version && begun.base === ask.base;
  if (head !== ask.base && !isOurs)
    throw repository.refuse(
      `HEAD was ${ask.base.slice(0, 12)} when it was planned, and is ${head.slice(0, 12)} now`,
    );
  const tag = `v${ask.version}`;
  const there = await repository.tagged(tag);
  if (there !== undefined && !(isOurs && there === head))
    throw repository.refuse(`the tag ${tag} is there already, at ${there.slice(0, 12)}`);

  const before = await repository.file(ask.base, CHANGELOG);
  if (before !== undefined && hasVersion(before, ask.version))
    throw repository.refuse(`${CHANGELOG} tells of ${ask.version} already`);
  const plan = await propose({ ...ask, isCut: () => !isOurs, mayChange: [CHANGELOG] });
  const { file, text } = withVersion(before, ask.version, day(ask.clock.now(), ask.timezone), plan.notes);
  const now = isOurs ? undefined : await ask.read();
  if (!isOurs && now !== before && undated(now) !== undated(file))
    throw repository.refuse(`${CHANGELOG} is not the one that is committed`);
  if (ask.dryRun) return { ...plan, branch, commit: ask.base, text };

  const who = { name: ask.by, email: `${ask.by}@reeve.invalid`, at: ask.clock.now() };
  let commit = head;
  if (!isOurs) {
    if (now !== file) await ask.write(file, now);
    await repository.run('add', '--', CHANGELOG);
    await repository.as(who, 'commit', '--quiet', '-m', messageOf(ask.version, ask.job), '--', CHANGELOG);
    commit = await repository.head();
    await ask.log(`${branch}: committed ${commit.slice(0, 12)}\n`);
  }
  if (there === undefined) {
    await repository.as(
      who,
      'tag',
      '--annotate',
      '--cleanup=whitespace',
      '-m',
      `${tag}\n\n${text}`,
      tag,
      commit,
    );
    await ask.log(`${tag}: tagged ${commit.slice(0, 12)}\n`);
  }
  return { ...plan, branch, commit, text };
}

/** The same whatever the day: a run that was stopped yesterday has written yesterday's. */
const undated = (text: string | undefined): string | undefined =>
  text?.replaceAll(/^(## \[[^\]]+\] - )\d{4}-\d\d-\d\d$/gm, '$1');
