import { fail } from '../../contracts/errors.ts';
import { githubProjection, type Releasing } from '../integrations/github/projection.ts';
import { own } from '../own.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Github } from '../ports/github.ts';
import type { ReleaseRequest, StepServices } from '../ports/steps.ts';
import { releaseId } from '../release/id.ts';
import { releaseAt } from '../release/open.ts';
import { releasesProjection, type ReleaseEntry } from '../release/projection.ts';
import { Remote } from '../release/remote.ts';
import { Repository } from '../release/repository.ts';
import { announcement, isPrerelease } from '../release/tell.ts';
import { cut } from '../text.ts';
import { placeOf, type ReleaseStepDeps } from './release.ts';

/** GitHub takes 125,000 characters. */
const MAX_NOTES = 100_000;
/** How long a job waits for GitHub, ms; the outbox goes on without it. */
const PATIENCE = 5000;

export interface StageDeps extends ReleaseStepDeps {
  alerts(): Pick<Alerts, 'send'>;
  github(): Github;
}

/** What is cut: the tag that this job's release has in the repository. Rejects RELEASE_REFUSED where it has none. */
async function tagOf(deps: StageDeps, { version, base, job, signal }: ReleaseRequest) {
  const place = { ...placeOf(deps, job.project), signal };
  const repository = new Repository(place);
  const tag = `v${version}`;
  const commit = await repository.tagged(tag);
  const made = commit === undefined ? undefined : await releaseAt(repository, commit);
  if (commit === undefined || made?.version !== version || made.base !== base)
    throw repository.refuse(`there is no tag ${tag} of a release from ${base.slice(0, 12)}`);
  return { place, repository, tag, commit };
}

const entryOf = (deps: StageDeps, project: string, commit: string): ReleaseEntry | undefined =>
  own(deps.state.get(releasesProjection), project)?.findLast((one) => one.commit === commit);

export async function pushStep(
  deps: StageDeps,
  request: Parameters<StepServices['push']>[0],
): ReturnType<StepServices['push']> {
  const { job, to, dryRun, version, log, base } = request;
  const spec = deps.config.project(job.project).release.push;
  if (spec === undefined) return { outcome: 'none', address: '', branch: '' };
  if (dryRun) return { outcome: 'dry', address: to, branch: spec.branch ?? '' };
  const { place, repository, tag, commit } = await tagOf(deps, request);
  const secret = (name: string): Promise<string> => deps.secrets.get(name);
  const remote = await Remote.open({ ...place, repository, spec, secret }, await repository.branch());
  const { address, branch } = remote;
  // Where it goes was shown and confirmed, or it does not go.
  if (address !== to)
    throw repository.refuse(
      `it was to be pushed to ${to === '' ? 'nowhere' : to}, and would go to ${address}`,
    );
  const record = { project: job.project, version, job: job.job_id, commit, remote: address, branch };
  await deps.ledger.append('release.pushing', record);
  const outcome = await remote.push(base, tag, commit);
  await deps.ledger.append('release.pushed', record);
  await log(`${branch} and ${tag} ${outcome === 'there' ? 'were' : 'are'} at ${address}\n`);
  return { outcome, address, branch };
}

export async function publishStep(
  deps: StageDeps,
  request: Parameters<StepServices['publish']>[0],
): ReturnType<StepServices['publish']> {
  const { job, dryRun, version, log, signal } = request;
  const { project, job_id } = job;
  const { github: repository } = deps.config.project(project).release;
  if (repository === undefined) return { outcome: 'none', url: '' };
  if (dryRun) return { outcome: 'dry', url: '' };
  const cutAt = await tagOf(deps, request);
  const { tag, commit } = cutAt;
  if (!deps.github().configured()) throw fail('GITHUB_NOT_CONFIGURED');
  const id = releaseId({ project, version, commit });
  const before = queuedOf(deps, id);
  if (before === undefined || before.gaveUp !== undefined) {
    const body = cut(deps.clean(await cutAt.repository.told(tag)), MAX_NOTES);
    const notes = await deps.artifacts.put(Buffer.from(body), {
      mediaType: 'text/markdown',
      name: `${project}-${tag}-notes.md`,
    });
    await deps.ledger.append('github.releasing', {
      release: id,
      job: job_id,
      project,
      repository,
      tag,
      object: (await cutAt.repository.object(tag)) ?? commit,
      prerelease: isPrerelease(version),
      notes,
    });
  }
  const { wrote, gaveUp } = await untilWritten(deps, id, signal);
  if (gaveUp !== undefined)
    throw fail('RELEASE_UNFINISHED', { project, tag, what: `published in ${repository}`, why: gaveUp });
  const { release } = wrote;
  if (release === undefined) {
    await log(`GitHub does not answer; ${tag} is queued and gets there when it does\n`);
    return { outcome: 'waits', url: '' };
  }
  const { as, url = '' } = release;
  await log(
    as === 'made' ? `${tag} is at ${url}\n` : `${tag} was at GitHub already, and stays as it is: ${url}\n`,
  );
  return { outcome: as === 'made' ? 'made' : 'adopted', url };
}

const queuedOf = ({ state }: StageDeps, id: string): Releasing | undefined =>
  own(state.get(githubProjection).releases, id);

/** Resolves when it stands at GitHub, when it was given up, or when nobody can wait any longer. */
function untilWritten(
  deps: StageDeps,
  id: string,
  signal: AbortSignal,
): Promise<Pick<Releasing, 'wrote' | 'gaveUp'>> {
  const { clock, ledger } = deps;
  return new Promise((resolve, reject) => {
    const look = (late = false): void => {
      const now = queuedOf(deps, id);
      const done = now?.wrote['release'] !== undefined || now?.gaveUp !== undefined;
      if (!done && !late && !signal.aborted) return;
      stop();
      cancel();
      signal.removeEventListener('abort', aborted);
      if (signal.aborted) reject(signal.reason as Error);
      else resolve(now ?? { wrote: {} });
    };
    const aborted = (): void => look();
    const stop = ledger.subscribe(({ type }) => {
      if (type === 'github.wrote' || type === 'github.given_up') look();
    });
    const cancel = clock.after(PATIENCE, () => look(true));
    signal.addEventListener('abort', aborted, { once: true });
    look();
  });
}

export async function announceStep(
  deps: StageDeps,
  request: Parameters<StepServices['announce']>[0],
): ReturnType<StepServices['announce']> {
  const { job, version, channel, dryRun, log } = request;
  const { project, job_id } = job;
  const tag = `v${version}`;
  const title = `${project} ${tag}`;
  if (dryRun) return { title: `${title} (dry run: nobody is told)`, sent: [] };
  const { repository, commit } = await tagOf(deps, request);
  const entry = entryOf(deps, project, commit);
  const said = { project, version, job: job_id };
  if (entry?.announced === true) {
    await log(`${title} was announced before\n`);
    return { title, sent: [] };
  }
  const queued = queuedOf(deps, releaseId({ project, version, commit }));
  const told = announcement({
    project,
    tag,
    text: await repository.told(tag),
    pushed: entry?.pushed,
    seen: queued === undefined ? undefined : (queued.wrote['release']?.url ?? null),
  });
  await deps.ledger.append('release.announcing', { ...said, title: told.title });
  const { sent } = await deps.alerts().send({ channel, tone: 'good', ...told, job: job_id });
  await deps.ledger.append('release.announced', { ...said, sent });
  await log(sent.length === 0 ? 'nobody was told: there is no such channel\n' : `told ${sent.join(', ')}\n`);
  return { title, sent };
}
