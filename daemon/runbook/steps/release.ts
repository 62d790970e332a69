import path from 'node:path';
import { z } from 'zod';
import { ReleaseStage } from '../../../contracts/records/release.ts';
import { defineKind, specObject } from './kind.ts';
import { releaseAttributes, releaseSpec, requestOf } from './release-parts.ts';

/** Text of a release in a message. */
const MAX_TOLD = 3000;

/** Cuts a version of the project. */
export const release = defineKind({
  kind: 'release',
  summary:
    'Cuts a version out of the commit that was confirmed: changelog, versions in files, commit, annotated tag.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({ ...releaseAttributes, pre: z.string().max(40).default('') }),
  spec: specObject({
    ...releaseSpec,
    pre: z.string(),
    files: z.array(z.string()),
    stages: z.array(ReleaseStage),
  }),
  plan({ version, base, pre, dry_run }, { project, projectPath, release: spec, runbook }) {
    const files = ['CHANGELOG.md', ...spec.files].map((file) => path.join(projectPath, file));
    const dry = dry_run === 'true';
    const has = (kind: string): boolean => runbook.steps.some((step) => step.kind === kind);
    const stages: ReleaseStage[] = [
      ...(spec.push !== undefined && has('push') ? (['push'] as const) : []),
      ...(spec.github !== undefined && has('publish') ? (['publish'] as const) : []),
      ...(has('announce') ? (['announce'] as const) : []),
    ];
    return {
      summary: `${dry ? 'shows the release of' : 'releases'} ${project} v${version} from ${base.slice(0, 12)}: ${files.join(', ')} as far as they have a version, a commit with them alone, the tag v${version}`,
      spec: { version, base, pre, dry_run: dry, files, stages },
      writes: dry ? [] : files,
    };
  },
  async run(spec, context) {
    const { tag, commit, text, previous, artifact } = await context.services.release({
      ...requestOf(spec, context),
      pre: spec.pre === '' ? undefined : spec.pre,
      stages: spec.stages,
    });
    await context.log('reeve', `${text}\n`);
    const dry = spec.dry_run ? ' (dry run: nothing was changed)' : '';
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
