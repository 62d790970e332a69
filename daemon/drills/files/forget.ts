import { ReeveError, fail } from '../../../contracts/errors.ts';
import type { DriverContext, DriverDeps } from '../driver.ts';
import { kept, lastProven, type KeepPolicy } from '../keep.ts';
import { absolute } from '../options.ts';
import { lastWords } from '../programs.ts';
import type { BackupOptions } from './options.ts';
import { snapshotsOf, type Restic, type Snapshot } from './restic.ts';
import { checkpointOf, checkpointTag } from './tag.ts';

/** Snapshots that are named in one command. */
const AT_ONCE = 500;

/**
 * Forgets snapshots that the policy does not keep, and frees their room. Only those that Reeve made with this very host, these
 * paths and these tags are looked at; never the one just made, nor the newest that a drill has proven. A repository that
 * another program has locked is left for the next time.
 *
 * @throws BACKUP_NOT_FORGOTTEN
 */
export async function forgetSnapshots(
  deps: Pick<DriverDeps, 'proven' | 'note'>,
  restic: Restic,
  options: BackupOptions & { keep: KeepPolicy },
  context: DriverContext,
  made: string,
): Promise<{ kept: number; forgotten: number } | { locked: true }> {
  const failed = (ran: Parameters<typeof lastWords>[0]): Error =>
    fail('BACKUP_NOT_FORGOTTEN', { snapshot: made, why: `restic: ${lastWords(ran)}` });
  const { host, tags } = options;
  const paths = options.paths.map((path) => absolute(context.root, path));
  try {
    const own = (await snapshotsOf(restic, { host, tags, paths }, failed)).filter((one) => isOwn(one, tags));
    const keep = kept(options.keep, own, (one) => Date.parse(one.time));
    const proven = lastProven(own.toReversed(), checkpointOf, deps.proven());
    const old = own
      .filter((one) => !keep.has(one) && one !== proven && !one.id.startsWith(made))
      .map(({ id }) => id);
    for (let i = 0; i < old.length; i += AT_ONCE)
      await restic.run(['forget', ...old.slice(i, i + AT_ONCE)], failed);
    if (old.length > 0) {
      await restic.run(['prune'], failed);
      deps.note('forgot old snapshots', { repository: restic.shown, forgotten: old.length });
    }
    return { kept: own.length - old.length, forgotten: old.length };
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    if (error.code === 'BACKUP_REPOSITORY_LOCKED') return { locked: true };
    if (error.code === 'BACKUP_NOT_FORGOTTEN') throw error;
    throw fail('BACKUP_NOT_FORGOTTEN', { snapshot: made, why: error.message }, { cause: error });
  }
}

/** With a checkpoint, and no tag beside it but those that were asked for. */
function isOwn(snapshot: Snapshot, tags: readonly string[]): boolean {
  const checkpoint = checkpointOf(snapshot);
  if (checkpoint === undefined) return false;
  const others = (snapshot.tags ?? []).filter((tag) => tag !== checkpointTag(checkpoint));
  return others.length === new Set(tags).size && others.every((tag) => tags.includes(tag));
}
