import type { ReleasePlan } from '../ports/releases.ts';
import { CHANGELOG, changesOf, undated, type FileChange } from './files.ts';
import { messageOf } from './message.ts';
import { begunAt } from './open.ts';
import { propose, type Ask } from './propose.ts';
import { Repository } from './repository.ts';

export interface Cut extends Ask {
  /** As confirmed. */
  base: string;
  version: string;
  job: string;
  by: string;
  timezone: string;
  /** Files whose version is raised, relative to the project's folder. */
  files: readonly string[];
  dryRun: boolean;
  /** Files of the project, through the zones. */
  read(name: string): Promise<string | undefined>;
  write(name: string, text: string, before: string | undefined): Promise<void>;
  /** Asks, before anything is made, whether it can go where it is to go. Rejects RELEASE_REFUSED. */
  mayGo(base: string, tag: string, commit: string | undefined): Promise<void>;
  log(text: string): Promise<void>;
}

export interface Released extends ReleasePlan {
  /** The commit that is tagged; the base in a dry run. */
  commit: string;
  /** What stands in the changelog. */
  text: string;
}

/**
 * Cuts the version that was confirmed from the commit that was confirmed: the changelog and the versions in files, a commit
 * with them alone, an annotated tag. Each part is looked at before it is made, so that whoever was stopped between two of
 * them runs it again.
 */
export async function cut(ask: Cut): Promise<Released> {
  const repository = new Repository(ask);
  const branch = await repository.branch();
  const head = await repository.head();
  const tag = `v${ask.version}`;
  const there = await repository.tagged(tag);
  const open = there === undefined ? undefined : { version: ask.version, tag, commit: there };
  const begun = await begunAt(repository, { branch, head }, { open, isCut: () => false });
  const ours = begun?.version === ask.version && begun.base === ask.base ? begun : undefined;
  if (head !== ask.base && ours === undefined)
    throw repository.refuse(
      `HEAD was ${ask.base.slice(0, 12)} when it was planned, and is ${head.slice(0, 12)} now`,
    );
  if (there !== undefined && there !== ours?.commit)
    throw repository.refuse(`the tag ${tag} is there already, at ${there.slice(0, 12)}`);

  const names = [CHANGELOG, ...ask.files];
  const plan = await propose({
    ...ask,
    ...(ours === undefined ? {} : { open }),
    isCut: () => ours === undefined,
    mayChange: names,
  });
  const { base, version, timezone, clock } = ask;
  const { files, text } = await changesOf(repository, {
    ...{ base, version, notes: plan.notes, files: ask.files },
    at: { now: clock.now(), timezone },
  });
  await repository.refuseFiltered(files.map(({ name }) => name));
  const rest = await repository.changed();
  const strange = rest.filter((name) => !files.some((file) => file.name === name));
  if (ours === undefined && strange.length > 0)
    throw repository.refuse(`these files are changed and not committed: ${strange.slice(0, 5).join(', ')}`);
  const left =
    ours === undefined ? await Promise.all(files.map((file) => toWrite(ask, repository, file))) : [];
  await ask.mayGo(base, tag, ours?.commit);
  if (ask.dryRun) return { ...plan, commit: ours?.commit ?? base, text };

  const who = { name: ask.by, email: `${ask.by}@reeve.invalid`, at: clock.now() };
  let commit = ours?.commit ?? head;
  if (ours === undefined) {
    for (const { name, after, now } of left) if (now !== after) await ask.write(name, after, now);
    const paths = files.map(({ name }) => name);
    await repository.run('add', '--', ...paths);
    await repository.as(who, 'commit', '--quiet', '-m', messageOf(version, ask.job), '--', ...paths);
    commit = await repository.head();
    await ask.log(`${plan.branch}: committed ${commit.slice(0, 12)} (${paths.join(', ')})\n`);
  }
  if (there === undefined) {
    const words = `${tag}\n\n${text}`;
    await repository.as(who, 'tag', '--annotate', '--cleanup=whitespace', '-m', words, tag, commit);
    await ask.log(`${tag}: tagged ${commit.slice(0, 12)}\n`);
  }
  return { ...plan, commit, text };
}

/** What stands in the folder may be what is committed, or what a run that was stopped has written; nothing else is taken. */
async function toWrite(
  { read }: Cut,
  repository: Repository,
  file: FileChange,
): Promise<FileChange & { now: string | undefined }> {
  const now = await read(file.name);
  if (now !== file.before && undated(now) !== undated(file.after))
    throw repository.refuse(`${file.name} is not the one that is committed`);
  return { ...file, now };
}
