import type { ReleaseSpec } from '../../contracts/estate/release.ts';
import type { ReleasePreview } from '../ports/releases.ts';
import { changesOf } from './files.ts';
import { propose, type Ask } from './propose.ts';
import { Remote } from './remote.ts';
import { Repository } from './repository.ts';
import { announcement, isPrerelease } from './tell.ts';

export interface PreviewAsk extends Ask {
  spec: ReleaseSpec;
  timezone: string;
  secret(name: string): Promise<string>;
  keysIn: string;
  /** Unified diff. */
  diff(before: string, after: string): string;
}

/** All of what the next release would do. Asks the repository and the remote; changes nothing. */
export async function preview(ask: PreviewAsk): Promise<ReleasePreview> {
  const { spec, timezone, clock, diff, clean } = ask;
  const repository = new Repository(ask);
  const { begun, ...plan } = await propose(ask);
  const { base, version, tag, notes, project, branch } = plan;
  const { files, text } = await changesOf(repository, {
    ...{ base, version, notes, files: spec.files },
    at: { now: clock.now(), timezone },
  });
  const tagged = begun?.tagged === true;
  const remote =
    spec.push === undefined ? undefined : await Remote.open({ ...ask, repository, spec: spec.push }, branch);
  const told = tagged ? await repository.told(tag) : text;
  const { github } = spec;
  const names = files.map(({ name }) => name);
  return {
    ...plan,
    text: clean(told),
    files:
      begun === undefined
        ? files.map(({ name, before, after }) => ({ name, diff: clean(diff(before ?? '', after)) }))
        : [],
    commands: [
      ...(begun === undefined
        ? [`git add -- ${names.join(' ')}`, `git commit -m 'release: ${tag}' -- ${names.join(' ')}`]
        : []),
      ...(tagged ? [] : [`git tag --annotate ${tag}`]),
      ...(remote === undefined ? [] : remote.commands(tag)),
    ],
    remote: remote === undefined ? null : await remote.look(base, tag, begun?.commit),
    github:
      github === undefined
        ? null
        : {
            repository: github,
            call: `POST ${/^\d+$/.test(github) ? '/repositories' : '/repos'}/${github}/releases`,
            tag_name: tag,
            prerelease: isPrerelease(version),
            body: clean(told),
          },
    announcement: announcement({
      project,
      tag,
      text: clean(told),
      pushed: remote,
      seen: github === undefined ? undefined : `(its address at GitHub: ${github})`,
    }),
  };
}
