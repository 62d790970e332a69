import { fail } from '../../contracts/errors.ts';
import { own } from '../own.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Github } from '../ports/github.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Linear } from '../ports/linear.ts';
import type { People } from '../ports/people.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import type { GithubMirror } from '../sync/github/mirror.ts';
import { syncJobs } from '../sync/index.ts';
import { syncKey, syncProjection } from '../sync/projection.ts';
import { whole } from '../text.ts';
import { filesOf, type FilesDeps } from './people-files.ts';

export interface SyncStepDeps extends FilesDeps {
  artifacts: Pick<Artifacts, 'put'>;
  clock: Clock;
  ledger: Ledger;
  people: Pick<People, 'allowsEverywhere'>;
  state: StateView;
  clean(text: string): string;
  linear(): Linear;
  github(): Github;
  mirror(): Promise<GithubMirror>;
}

/** The sync step: runs a job of daemon/sync from its cursor. */
export async function syncStep(
  deps: SyncStepDeps,
  { sync, scope, since, dryRun, files, job, signal, log }: Parameters<StepServices['sync']>[0],
): ReturnType<StepServices['sync']> {
  const { artifacts, clock, config, ledger, people, state, clean } = deps;
  const found = syncJobs.find(({ name }) => name === sync);
  if (found === undefined) throw fail('SYNC_UNKNOWN', { sync, help: '`reeve sync list` shows them.' });
  const { requested_by, anchor, job_id } = job;
  // As for a report: a slot runs under a mandate that somebody accepted for just this.
  if (scope === 'estate' && anchor.kind !== 'slot' && !people.allowsEverywhere(requested_by, 'view'))
    throw fail('FORBIDDEN', { person: requested_by, verb: 'view', where: 'every project' });
  const project = scope === 'project' ? job.project : undefined;
  const result = await found.run(
    {
      job: job_id,
      project,
      files,
      since,
      dryRun,
      cursor: own(state.get(syncProjection), syncKey(sync, project))?.cursor,
      signal,
      log,
      async advance(cursor, counts, conflicts) {
        await ledger.append('sync.advanced', {
          sync,
          ...(project === undefined ? {} : { project }),
          job: job_id,
          cursor,
          counts,
          conflicts: conflicts.slice(0, 50).map((one) => whole(clean(one), 300)),
        });
      },
    },
    {
      clock,
      ledger,
      state,
      estate: config.current().config,
      root: config.current().root,
      clean,
      linear: deps.linear(),
      github: deps.github(),
      mirror: await deps.mirror(),
      ...filesOf(deps, job.confirmed === true),
    },
  );
  const { document } = result;
  const artifact = await artifacts.put(Buffer.from(document.text), {
    mediaType: document.mediaType,
    name: document.name,
  });
  return {
    ...result,
    changes: result.changes.map((one) => clean(one)),
    conflicts: result.conflicts.map((one) => clean(one)),
    artifact,
  };
}
