import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';
import { releaseAttributes, releaseSpec, requestOf } from './release-parts.ts';

/** Tells people of a release. */
export const announce = defineKind({
  kind: 'announce',
  summary: 'Tells a named channel of a release: what is in it, and where it is. Once, however often it runs.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({ ...releaseAttributes, channel: z.string().min(1).max(100).default('ops') }),
  spec: specObject({ ...releaseSpec, channel: z.string() }),
  plan({ version, base, dry_run, channel }, { project }) {
    const dry = dry_run === 'true';
    return {
      summary: `${dry ? 'shows what is told' : 'tells'} ${channel}${dry ? '' : ' of'}: ${project} v${version}`,
      spec: { version, base, dry_run: dry, channel },
    };
  },
  async run(spec, context) {
    const { title, sent } = await context.services.announce({
      ...requestOf(spec, context),
      channel: spec.channel,
    });
    return { status: 'PASS', outputs: { title, sent: sent.join(',') } };
  },
});
