import { day } from '../calendar.ts';
import { block } from '../text.ts';
import { hasVersion, withVersion } from './changelog.ts';
import type { Repository } from './repository.ts';
import { Unversionable, withVersionField } from './versions.ts';

export const CHANGELOG = 'CHANGELOG.md';
/** GitHub takes 125,000 characters. */
const MAX_TEXT = 100_000;

/** A file of the project as it is committed, and as the release leaves it. */
export interface FileChange {
  name: string;
  before: string | undefined;
  after: string;
}

export interface Changes {
  /** The changelog first. */
  files: FileChange[];
  /** What stands in the changelog under the version. */
  text: string;
}

/** Everything that a release from `base` changes in files. Reads what is committed; changes nothing. Rejects RELEASE_REFUSED. */
export async function changesOf(
  repository: Repository,
  {
    base,
    version,
    notes,
    files,
    at,
  }: {
    base: string;
    version: string;
    notes: string;
    files: readonly string[];
    at: { now: number; timezone: string };
  },
): Promise<Changes> {
  const before = await repository.file(base, CHANGELOG);
  if (before !== undefined && hasVersion(before, version))
    throw repository.refuse(`${CHANGELOG} tells of ${version} already`);
  const { file: after, text } = withVersion(before, version, day(at.now, at.timezone), notes);
  const changes: FileChange[] = [{ name: CHANGELOG, before, after }];
  for (const name of files) {
    const there = await repository.file(base, name);
    if (there === undefined) continue;
    const changed = await bumped(repository, name, there, version);
    if (changed !== undefined && changed !== there) changes.push({ name, before: there, after: changed });
  }
  // What is told of it elsewhere moves no cursor, whatever stands in the file.
  return { files: changes, text: block(text, MAX_TEXT) };
}

async function bumped(
  repository: Repository,
  name: string,
  text: string,
  version: string,
): Promise<string | undefined> {
  try {
    return await withVersionField(name, text, version);
  } catch (error) {
    if (!(error instanceof Unversionable)) throw error;
    throw repository.refuse(`${name} cannot be given a version: ${error.message}`, error);
  }
}

/** The same whatever the day: a run that was stopped yesterday has written yesterday's. */
export const undated = (text: string | undefined): string | undefined =>
  text?.replaceAll(/^(## \[[^\]]+\] - )\d{4}-\d\d-\d\d$/gm, '$1');
