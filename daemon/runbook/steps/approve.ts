import { plural } from '../../../contracts/units.ts';
import { z } from 'zod';
import { defineKind, integerAttribute, specObject } from './kind.ts';

/** Stops until enough people have said yes. */
export const approve = defineKind({
  kind: 'approve',
  summary: 'Asks people and waits for their approval, at most as long as its timeout.',
  body: 'required',
  templated: true,
  reads: { outputs: true, secrets: false },
  attributes: z.object({ approvals: integerAttribute(1, 16).default(1) }),
  spec: specObject({ question: z.string().min(1), approvals: z.int().min(1) }),
  plan({ approvals }, { step, fill }) {
    const question = fill(step.text.trim());
    return {
      summary: `asks for ${plural(approvals, 'approval')}: ${question.split('\n')[0] ?? ''}`,
      spec: { question, approvals },
    };
  },
  async run({ question, approvals }, context, step) {
    const { by } = await context.services.approve({
      job_id: context.spec.job_id,
      attempt_id: context.attempt_id,
      step: step.name,
      question: await context.fill(question),
      approvals,
      timeout_ms: step.timeout_ms,
      signal: context.signal,
    });
    await context.log('reeve', `approved by ${by.join(', ')}\n`);
    return { status: 'PASS', outputs: { approved_by: by.join(',') } };
  },
});
