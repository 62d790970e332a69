import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

const Scope = z.enum(['project', 'estate']);

/** Writes the report of a period. */
export const report = defineKind({
  kind: 'report',
  summary:
    'Writes the weekly report of the project, or of the whole estate: an artifact, and a file for people.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({ period: z.enum(['weekly']).default('weekly'), scope: Scope.default('project') }),
  spec: specObject({ period: z.literal('weekly'), scope: Scope }),
  plan: ({ period, scope }, { project }) => ({
    summary: `writes the ${period} report of ${scope === 'project' ? project : 'the whole estate'}`,
    spec: { period, scope },
  }),
  async run({ scope }, context) {
    const { title, headline, artifact, file } = await context.services.report({ scope, job: context.spec });
    await context.log('reeve', `${file ?? 'no file: the artifact has it'}\n`);
    return {
      status: 'PASS',
      artifacts: [artifact],
      outputs: { title, headline, file: file ?? '', digest: artifact.digest ?? artifact.ref },
    };
  },
});
