import { messageVersion } from './message.ts';
import type { Repository } from './repository.ts';

/** A release that the ledger has, and that is not done with. */
export interface Open {
  version: string;
  tag: string;
  commit: string;
  /** Where it was cut, as far as that is known. */
  branch?: string | undefined;
}

/** A release whose commit is made. `tagged`: the tag, too. */
export interface Begun {
  version: string;
  commit: string;
  base: string;
  tagged: boolean;
}

/**
 * The release that goes on: the one that the ledger has open, as long as its tag stands where it was put and HEAD has it;
 * or else what HEAD itself is, when a release was stopped before the ledger had it. Rejects RELEASE_REFUSED on another branch.
 */
export async function begunAt(
  repository: Repository,
  { branch, head }: { branch: string; head: string },
  { open, isCut }: { open: Open | undefined; isCut(version: string): boolean },
): Promise<Begun | undefined> {
  if (open !== undefined && (await repository.tagged(open.tag)) === open.commit) {
    const made = await releaseAt(repository, open.commit);
    if (made?.version === open.version && (await repository.isIn(open.commit, head))) {
      if (open.branch !== undefined && open.branch !== branch)
        throw repository.refuse(`${open.tag} was cut on ${open.branch}, and ${branch} is checked out`);
      return { ...made, commit: open.commit, tagged: true };
    }
  }
  const made = await releaseAt(repository, head);
  if (made === undefined || isCut(made.version)) return undefined;
  return { ...made, commit: head, tagged: (await repository.tagged(`v${made.version}`)) === head };
}

/** What a commit is, when it is the commit of a release. */
export async function releaseAt(
  repository: Repository,
  commit: string,
): Promise<{ version: string; base: string } | undefined> {
  const version = messageVersion(await repository.run('log', '-1', '--format=%B', commit));
  const base = await repository.ask('rev-parse', '--verify', '--quiet', `${commit}^`);
  return version === undefined || base === undefined ? undefined : { version, base };
}
