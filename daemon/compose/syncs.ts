import { SYNC_FILES } from '../../contracts/estate/sync-files.ts';
import { fail } from '../../contracts/errors.ts';
import type { Config } from '../ports/config.ts';
import type { Releases } from '../ports/releases.ts';
import type { StateView } from '../ports/state.ts';
import type { Syncs, SyncView } from '../ports/sync.ts';
import { releaseReader, type ReadDeps } from './release.ts';
import { suggest } from '../suggest.ts';
import { syncProjection } from '../sync/projection.ts';

/** What commands read of records for people. */
export const peopleRecords = (deps: ReadDeps): { syncs: Syncs; releases: Releases } => ({
  syncs: syncViews(deps.config, deps.state),
  releases: releaseReader(deps),
});

/** What is kept in step, and how far it has come. The jobs themselves are loaded when somebody asks. */
function syncViews(config: Config, state: StateView): Syncs {
  async function list(): Promise<SyncView[]> {
    const { syncJobs } = await import('../sync/index.ts');
    const runs = Object.values(state.get(syncProjection));
    const { sync: spec } = config.current().config;
    return syncJobs.map(({ name, summary, runbook }) => ({
      name,
      summary,
      runbook,
      files: SYNC_FILES[name](spec),
      runs: runs
        .filter(({ sync }) => sync === name)
        .map(({ project = null, cursor, at, job, counts, conflicts }) => ({
          project,
          cursor,
          at,
          job,
          counts: { ...counts },
          conflicts: [...conflicts],
        })),
    }));
  }
  return {
    list,
    async get(name) {
      const all = await list();
      const found = all.find((one) => one.name === name);
      if (found !== undefined) return found;
      const near = suggest(
        name,
        all.map((one) => one.name),
      );
      const help = near === undefined ? '`reeve sync list` shows them.' : `Did you mean ${near}?`;
      throw fail('SYNC_UNKNOWN', { sync: name, help });
    },
  };
}
