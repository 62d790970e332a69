import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

const Tone = z.enum(['good', 'bad', 'warn', 'info']);

/** Tells people something. */
export const notify = defineKind({
  kind: 'notify',
  summary: 'Posts a message to a named channel.',
  body: 'required',
  templated: true,
  reads: { outputs: true, secrets: false },
  attributes: z.object({
    channel: z.string().min(1).max(100).default('ops'),
    tone: Tone.default('info'),
    title: z.string().min(1).max(200).optional(),
  }),
  spec: specObject({ channel: z.string(), tone: Tone, title: z.string(), text: z.string() }),
  plan({ channel, tone, title }, { step, fill, runbook }) {
    const heading = title ?? fill(runbook.front.title);
    return {
      summary: `tells ${channel}: ${heading}`,
      spec: { channel, tone, title: heading, text: fill(step.text) },
    };
  },
  async run({ channel, tone, title, text }, context) {
    const { sent } = await context.services.notify({
      channel: await context.fill(channel),
      tone,
      title: await context.fill(title),
      text: await context.fill(text),
      job_id: context.spec.job_id,
    });
    await context.log('reeve', sent.length === 0 ? 'nobody was told\n' : `told ${sent.join(', ')}\n`);
    return { status: 'PASS', outputs: { sent: sent.join(',') } };
  },
});
