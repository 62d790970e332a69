import path from 'node:path';
import { own } from '../own.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Releases } from '../ports/releases.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import { releasesProjection } from '../release/projection.ts';
import { filesOf, type FilesDeps } from './people-files.ts';

export interface ReadDeps {
  clock: Clock;
  config: Config;
  state: StateView;
  clean(text: string): string;
}

const placeOf = ({ clock, config, state, clean }: ReadDeps, project: string) => ({
  clock,
  project,
  folder: path.resolve(config.current().root, config.project(project).path),
  clean,
  isCut: (version: string): boolean =>
    (own(state.get(releasesProjection), project) ?? []).some((one) => one.version === version),
});

/** What the next release would be; loaded when somebody asks. */
export function releaseReader(deps: ReadDeps): Releases {
  return {
    async propose(project, wish) {
      const { propose } = await import('../release/propose.ts');
      return propose({ ...placeOf(deps, project), ...wish });
    },
  };
}

export interface ReleaseStepDeps extends ReadDeps, FilesDeps {
  artifacts: Pick<Artifacts, 'put'>;
  ledger: Ledger;
}

/** The release step. */
export async function releaseStep(
  deps: ReleaseStepDeps,
  { version, base, pre, file, dryRun, job, signal, log }: Parameters<StepServices['release']>[0],
): ReturnType<StepServices['release']> {
  const { artifacts, config, ledger } = deps;
  const { cut } = await import('../release/cut.ts');
  const files = filesOf(deps, job.confirmed === true);
  const place = placeOf(deps, job.project);
  const released = await cut({
    ...place,
    ...(pre === undefined ? {} : { pre }),
    version,
    base,
    job: job.job_id,
    by: job.requested_by,
    timezone: config.current().config.estate.timezone,
    dryRun,
    signal,
    log,
    read: () => files.read(file),
    write: (text, before) => files.write(file, text, before),
  });
  const { tag, commit, text, notes, previous, commits, branch } = released;
  if (!dryRun && !place.isCut(version))
    await ledger.append('release.cut', { project: job.project, version, tag, commit, job: job.job_id });
  const document = [
    `# ${job.project} ${tag}`,
    '',
    `${commits} commits on ${branch} since ${previous ?? 'the beginning'}, ${dryRun ? 'from' : 'tagged'} ${commit}.`,
    '',
    '## What the changelog says',
    '',
    text,
    '',
    '## Out of the commits',
    '',
    notes,
    '',
  ].join('\n');
  const artifact = await artifacts.put(Buffer.from(document), {
    mediaType: 'text/markdown',
    name: `${job.project}-${tag}.md`,
  });
  return { tag, commit, text, previous, artifact };
}
