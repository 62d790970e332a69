import path from 'node:path';
import { unifiedDiff } from '../estate/diff.ts';
import { githubProjection } from '../integrations/github/projection.ts';
import { own } from '../own.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ReleasePreview, Releases } from '../ports/releases.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { StateView } from '../ports/state.ts';
import type { StepServices } from '../ports/steps.ts';
import { releaseId } from '../release/id.ts';
import type { Open } from '../release/open.ts';
import { releasesProjection, type ReleaseEntry } from '../release/projection.ts';
import { filesOf, type FilesDeps } from './people-files.ts';

export interface ReadDeps {
  clock: Clock;
  config: Config;
  state: StateView;
  secrets: Pick<Secrets, 'get'>;
  /** Folder for a key while it is used. */
  keysIn: string;
  clean(text: string): string;
}

const entriesOf = (state: StateView, project: string): readonly ReleaseEntry[] =>
  own(state.get(releasesProjection), project) ?? [];

/** The newest one, while something that reeve.yaml wants of it is still to be done. */
function openOf({ config, state }: ReadDeps, project: string): Open | undefined {
  const entry = entriesOf(state, project).at(-1);
  if (entry === undefined) return undefined;
  const { push, github } = config.project(project).release;
  const queued = own(state.get(githubProjection).releases, releaseId(entry));
  const isOpen = (entry.stages ?? []).some(
    (stage) =>
      ({
        push: push !== undefined && entry.pushed === undefined,
        // What is queued for GitHub is the outbox's to see through, unless it gave it up.
        publish: github !== undefined && (queued === undefined || queued.gaveUp !== undefined),
        announce: entry.announced === undefined,
      })[stage],
  );
  return isOpen ? entry : undefined;
}

/** Where a project's releases are made, and what of them is known. */
export const placeOf = (deps: ReadDeps, project: string) => ({
  clock: deps.clock,
  project,
  keysIn: deps.keysIn,
  folder: path.resolve(deps.config.current().root, deps.config.project(project).path),
  clean: deps.clean,
  open: openOf(deps, project),
  isCut: (version: string): boolean => entriesOf(deps.state, project).some((one) => one.version === version),
});

async function previewOf(
  deps: ReadDeps,
  project: string,
  wish: Parameters<Releases['propose']>[1],
): Promise<ReleasePreview> {
  const { preview } = await import('../release/preview.ts');
  return preview({
    ...placeOf(deps, project),
    ...wish,
    spec: deps.config.project(project).release,
    timezone: deps.config.current().config.estate.timezone,
    secret: (name) => deps.secrets.get(name),
    diff: unifiedDiff,
  });
}

/** What the next release would be; loaded when somebody asks. */
export const releaseReader = (deps: ReadDeps): Releases => ({
  propose: (project, wish) => previewOf(deps, project, wish),
});

export interface ReleaseStepDeps extends ReadDeps, FilesDeps {
  artifacts: Pick<Artifacts, 'put'>;
  ledger: Ledger;
}

/** The release step. */
export async function releaseStep(
  deps: ReleaseStepDeps,
  { version, base, pre, stages, dryRun, job, signal, log }: Parameters<StepServices['release']>[0],
): ReturnType<StepServices['release']> {
  const { artifacts, config, ledger, secrets } = deps;
  const [{ cut }, { Remote }, { Repository }, { released: page, previewed }] = await Promise.all([
    import('../release/cut.ts'),
    import('../release/remote.ts'),
    import('../release/repository.ts'),
    import('../release/page.ts'),
  ]);
  const files = filesOf(deps, job.confirmed === true);
  const place = placeOf(deps, job.project);
  const { path: folder, release: spec } = config.project(job.project);
  const { push } = spec;
  const below = (name: string): string => path.join(folder, name);
  const released = await cut({
    ...place,
    ...(pre === undefined ? {} : { pre }),
    version,
    base,
    job: job.job_id,
    by: job.requested_by,
    timezone: config.current().config.estate.timezone,
    files: spec.files,
    dryRun,
    signal,
    log,
    read: (name) => files.read(below(name)),
    write: (name, text, before) => files.write(below(name), text, before),
    async mayGo(from, tag, commit) {
      if (push === undefined || !stages.includes('push')) return;
      const repository = new Repository({ ...place, signal });
      const secret = (name: string): Promise<string> => secrets.get(name);
      const at = { ...place, signal, repository, spec: push, secret };
      const remote = await Remote.open(at, await repository.branch());
      await remote.look(from, tag, commit);
    },
  });
  const { tag, commit, text, previous, branch } = released;
  const known = entriesOf(deps.state, job.project).some(
    (one) => one.version === version && one.commit === commit,
  );
  if (!dryRun && !known)
    await ledger.append('release.cut', {
      project: job.project,
      version,
      tag,
      commit,
      branch,
      ...(stages.length === 0 ? {} : { stages: [...stages] }),
      job: job.job_id,
    });
  const whole = dryRun ? await previewOf(deps, job.project, { version, pre }) : undefined;
  const document = whole === undefined ? page(released) : previewed(whole);
  if (whole !== undefined) await log(`${document}\n`);
  const artifact = await artifacts.put(Buffer.from(document), {
    mediaType: 'text/markdown',
    name: `${job.project}-${tag}.md`,
  });
  return { tag, commit, text, previous, artifact };
}
