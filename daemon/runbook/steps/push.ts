import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';
import { releaseAttributes, releaseSpec, requestOf } from './release-parts.ts';

/** Pushes a release that is cut. */
export const push = defineKind({
  kind: 'push',
  summary:
    'Pushes the commit and the tag of a release, both or neither, to the remote that reeve.yaml declares.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({
    ...releaseAttributes,
    /** The address that was confirmed. */
    to: z.string().max(400).default(''),
  }),
  spec: specObject({ ...releaseSpec, to: z.string(), remote: z.string() }),
  plan({ version, base, dry_run, to }, { release: { push: spec } }) {
    const dry = dry_run === 'true';
    const remote = spec?.remote ?? '';
    return {
      summary:
        spec === undefined
          ? 'pushes nothing: reeve.yaml names no remote (release.push)'
          : `${dry ? 'shows how' : 'pushes'} commit and tag v${version} ${dry ? 'would be pushed ' : ''}to ${to === '' ? remote : to}, both or neither`,
      spec: { version, base, dry_run: dry, to, remote },
    };
  },
  async run(spec, context) {
    const { outcome, address, branch } = await context.services.push({
      ...requestOf(spec, context),
      to: spec.to,
    });
    return { status: 'PASS', outputs: { outcome, remote: address, branch } };
  },
});
