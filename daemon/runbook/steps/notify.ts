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
    /** `true`: nobody is told, as after a dry run. */
    unless: z.enum(['true', 'false']).default('false'),
  }),
  spec: specObject({
    channel: z.string(),
    tone: Tone,
    title: z.string(),
    text: z.string(),
    // Only where it is so: a plan that was approved before there was such a thing stays the same plan.
    silent: z.literal(true).optional(),
  }),
  plan({ channel, tone, title, unless }, { step, fill, runbook }) {
    const heading = title ?? fill(runbook.front.title);
    const silent = unless === 'true';
    return {
      summary: silent ? 'tells nobody' : `tells ${channel}: ${heading}`,
      spec: {
        channel,
        tone,
        title: heading,
        text: fill(step.text),
        ...(silent ? { silent } : {}),
      },
    };
  },
  async run({ channel, tone, title, text, silent }, context) {
    if (silent === true) {
      await context.log('reeve', 'nobody was told: it was not to be\n');
      return { status: 'SKIPPED', outputs: { sent: '' } };
    }
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
