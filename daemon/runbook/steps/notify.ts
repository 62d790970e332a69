import { z } from 'zod';
import { defineKind, specObject } from './kind.ts';

const PICTURE = /^\$\{steps\.[A-Za-z0-9_-]{1,64}\.outputs\.[A-Za-z0-9_-]{1,64}\}$/;
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
    /** What a step of this job has drawn: `${steps.write.outputs.picture}`. Shown in chat. */
    picture: z.string().max(300).optional(),
  }),
  spec: specObject({
    channel: z.string(),
    tone: Tone,
    title: z.string(),
    text: z.string(),
    // Only where it is so: a plan that was approved before there was such a thing stays the same plan.
    silent: z.literal(true).optional(),
    picture: z.string().optional(),
  }),
  check({ step: { attributes } }) {
    const { picture } = attributes;
    // Not of whatever an input names: the channel may be read by people who may not see that.
    return picture === undefined || PICTURE.test(picture)
      ? []
      : [{ line: 0, message: 'picture: an output of a step, such as ${steps.write.outputs.picture}' }];
  },
  plan({ channel, tone, title, unless, picture }, { step, fill, runbook }) {
    const heading = title ?? fill(runbook.front.title);
    const silent = unless === 'true';
    return {
      summary: silent ? 'tells nobody' : `tells ${channel}: ${inWords(heading)}`,
      spec: {
        channel,
        tone,
        title: heading,
        text: fill(step.text),
        ...(silent ? { silent } : {}),
        ...(picture === undefined ? {} : { picture }),
      },
    };
  },
  async run({ channel, tone, title, text, silent, picture }, context) {
    if (silent === true) {
      await context.log('reeve', 'nobody was told: it was not to be\n');
      return { status: 'SKIPPED', outputs: { sent: '' } };
    }
    const drawn = picture === undefined ? '' : await context.fill(picture);
    const { sent } = await context.services.notify({
      channel: await context.fill(channel),
      tone,
      title: await context.fill(title),
      text: await context.fill(text),
      ...(drawn === '' ? {} : { picture: drawn }),
      job_id: context.spec.job_id,
    });
    await context.log('reeve', sent.length === 0 ? 'nobody was told\n' : `told ${sent.join(', ')}\n`);
    return { status: 'PASS', outputs: { sent: sent.join(',') } };
  },
});

/** What a step says once it has run is not known before: only what of it is told. */
const inWords = (text: string): string =>
  text.replaceAll(/\$\{steps\.([\w-]+)\.outputs\.([\w-]+)\}/g, '($2 of $1)');
