import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';
import { releaseAttributes, releaseSpec, requestOf } from './release-parts.ts';

/** Has GitHub make a release of a pushed tag. */
export const publish = defineKind({
  kind: 'publish',
  summary: 'Makes the release at GitHub, with its notes; one that is there already is left as it is.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object(releaseAttributes),
  spec: specObject({ ...releaseSpec, repository: z.string() }),
  plan({ version, base, dry_run }, { release: { github = '' } }) {
    const dry = dry_run === 'true';
    return {
      summary:
        github === ''
          ? 'tells GitHub nothing: reeve.yaml names no repository (release.github)'
          : `${dry ? 'shows' : 'makes'} the release v${version} at GitHub, in ${github}`,
      spec: { version, base, dry_run: dry, repository: github },
    };
  },
  async run(spec, context) {
    const { outcome, url } = await context.services.publish(requestOf(spec, context));
    return { status: 'PASS', outputs: { outcome, url } };
  },
});
