import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

/** `weekly`: the whole report, with a file. A digest is short, and kept as an artifact alone. */
const Period = z.enum(['weekly', 'daily-digest', 'weekly-digest']);
const Scope = z.enum(['project', 'estate']);

/** Writes the report of a period. */
export const report = defineKind({
  kind: 'report',
  summary:
    'Writes the weekly report of the project, or of the whole estate: an artifact, and a file for people. Or a digest of a day or a week.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({ period: Period.default('weekly'), scope: Scope.default('project') }),
  spec: specObject({ period: Period, scope: Scope }),
  plan: ({ period, scope }, { project }) => ({
    summary: `writes the ${period === 'weekly' ? 'weekly report' : period.replace('-', ' ')} of ${scope === 'project' ? project : 'the whole estate'}`,
    spec: { period, scope },
  }),
  async run({ period, scope }, context) {
    const { title, headline, artifact, file, picture } = await context.services.report({
      period,
      scope,
      job: context.spec,
    });
    await context.log('reeve', `${file ?? 'no file: the artifact has it'}\n`);
    return {
      status: 'PASS',
      artifacts: picture === null ? [artifact] : [artifact, picture],
      outputs: {
        title,
        headline,
        file: file ?? '',
        digest: artifact.digest ?? artifact.ref,
        picture: picture?.digest ?? '',
      },
    };
  },
});
