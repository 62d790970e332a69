import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readableTitle } from '../readable-title.ts';
import { readAction } from '../ports/actions.ts';
import { problemDraft } from './problems.ts';
import { jobArgs, placeArgs, placeOf, wishOf } from './wish.ts';

const group = 'Runbooks';

export const runbookList = readAction({
  name: 'runbook list',
  aliases: ['runbooks', 'runbook'],
  summary: 'The runbooks of this estate',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['runbook list'],
  async run({ runbooks }) {
    const all = await runbooks.list();
    const broken = (await runbooks.lint()).filter((p) => p.severity === 'error');
    return {
      title: `${plural(all.length, 'runbook')}${broken.length > 0 ? `, ${plural(broken.length, 'mistake')} elsewhere` : ''}`,
      tone: broken.length > 0 ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Runbook' },
            { label: 'Does' },
            { label: 'Title' },
            { label: 'Steps', align: 'right' },
            { label: 'File' },
          ],
          rows: all.map((r): Cell[] => [
            r.front.runbook,
            r.front.action,
            readableTitle(r.front.title, r.front.inputs),
            r.steps.length,
            r.source,
          ]),
          empty: 'There are none. Add runbooks/<name>.md.',
        },
        ...(broken.length > 0 ? [{ type: 'hint' as const, text: 'See `reeve runbook lint`.' }] : []),
      ],
      data: all.map((r) => ({
        runbook: r.front.runbook,
        action: r.front.action,
        title: readableTitle(r.front.title, r.front.inputs),
        source: r.source,
        digest: r.digest,
        steps: r.steps.length,
        command: r.front.command,
      })),
    };
  },
});

export const runbookShow = readAction({
  name: 'runbook show',
  summary: 'A runbook as it stands in its file',
  group,
  verb: 'view',
  args: z.object({ runbook: arg.runbook('its id', { position: 0 }) }),
  examples: ['runbook show hello'],
  async run({ runbooks }, args) {
    const r = await runbooks.get(args.runbook);
    return {
      title: `${readableTitle(r.front.title, r.front.inputs)} (${r.source})`,
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [{ label: 'Input' }, { label: 'Type' }, { label: 'Default' }, { label: 'About' }],
          rows: Object.entries(r.front.inputs).map(([name, i]): Cell[] => [
            i.optional || i.default !== undefined ? `${name}?` : name,
            i.type,
            i.default ?? '',
            i.description ?? i.pattern ?? i.values?.join(' | ') ?? '',
          ]),
          empty: 'It takes no inputs.',
        },
        { type: 'code', language: 'markdown', text: r.text },
      ],
      data: {
        source: r.source,
        digest: r.digest,
        front: r.front,
        steps: r.steps,
        text: r.text,
      } as unknown as Json,
    };
  },
});

export const runbookLint = readAction({
  name: 'runbook lint',
  summary: 'Every mistake in the runbooks, with file and line',
  group,
  verb: 'view',
  args: z.object({ runbook: arg.runbook('only this one', { position: 0 }).optional() }),
  examples: ['runbook lint', 'runbook lint deploy'],
  async run({ runbooks }, args) {
    return problemDraft(await runbooks.lint(args.runbook), 'Every runbook is valid.');
  },
});

export const runbookPlan = readAction({
  name: 'runbook plan',
  aliases: ['plan'],
  summary: 'What a runbook would do, without doing it',
  group,
  verb: 'view',
  args: z.object({
    runbook: arg.runbook('its id', { position: 0 }),
    ...placeArgs,
    input: jobArgs.input,
  }),
  examples: ['runbook plan deploy --project my-project --env staging'],
  async run(context, args) {
    const runbook = await context.runbooks.get(args.runbook);
    const { project, env } = placeOf(context, runbook, args);
    context.people.require(context.caller.person, 'view', project, env);
    const wish = wishOf(runbook, runbook.front.action, project, env, {}, { input: args.input });
    const plan = await context.runbooks.plan({
      runbook: wish.runbook,
      action: wish.action,
      project,
      env,
      inputs: wish.inputs,
      targets: wish.targets ?? {},
    });
    const digest = context.planDigest(plan);
    return {
      title: `Plan: ${plan.title} on ${project}/${env}`,
      tone: 'info',
      blocks: context.planBlocks(plan, digest),
      data: { plan, plan_digest: digest } as unknown as Json,
    };
  },
});
