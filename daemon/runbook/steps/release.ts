import path from 'node:path';
import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

/** Text of a release in a message. */
const MAX_TOLD = 3000;

/** Cuts a version of the project. */
export const release = defineKind({
  kind: 'release',
  summary: 'Cuts a version out of the commit that was confirmed: changelog, commit, annotated tag.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({
    version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]{1,60})?$/, 'a SemVer version without the v'),
    base: z.string().regex(/^[0-9a-f]{40,64}$/, 'a whole commit id'),
    pre: z.string().max(40).default(''),
    dry_run: z.enum(['true', 'false']).default('false'),
  }),
  spec: specObject({
    version: z.string(),
    base: z.string(),
    pre: z.string(),
    dry_run: z.boolean(),
    file: z.string(),
  }),
  plan({ version, base, pre, dry_run }, { project, projectPath }) {
    const file = path.join(projectPath, 'CHANGELOG.md');
    const dry = dry_run === 'true';
    return {
      summary: `${dry ? 'shows the release of' : 'releases'} ${project} v${version} from ${base.slice(0, 12)}: ${file}, a commit with it, the tag v${version}`,
      spec: { version, base, pre, dry_run: dry, file },
      writes: dry ? [] : [file],
    };
  },
  async run({ version, base, pre, dry_run, file }, context) {
    const { tag, commit, text, previous, artifact } = await context.services.release({
      version,
      base,
      pre: pre === '' ? undefined : pre,
      file,
      dryRun: dry_run,
      job: context.spec,
      signal: context.signal,
      log: (line) => context.log('reeve', line),
    });
    await context.log('reeve', `${text}\n`);
    const dry = dry_run ? ' (dry run: nothing was changed)' : '';
    return {
      status: 'PASS',
      artifacts: [artifact],
      outputs: {
        title: `${context.spec.project} ${tag}${dry}`,
        tag,
        commit,
        previous: previous ?? '',
        notes: text.length > MAX_TOLD ? `${text.slice(0, MAX_TOLD)}…` : text,
      },
    };
  },
});
