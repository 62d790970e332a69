import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { weekOf } from '../calendar.ts';
import { readAction } from '../ports/actions.ts';
import { sees } from './sees.ts';

const WEEK_MS = 7 * 86_400_000;

export const reportWeekly = readAction({
  name: 'report weekly',
  summary: 'The week: objectives, deployments, drills, incidents, schedules, alerts',
  description:
    'Shows it as Markdown. The runbook weekly-report keeps it as an artifact, puts it into grimoires/loa/deployment/reports and tells a channel.',
  group: 'Practice',
  verb: 'view',
  args: z.object({
    project: arg.project('only this project').optional(),
    to: arg
      .string('the last day, such as 2026-11-25; absent: the seven days until now', { max: 10 })
      .optional(),
  }),
  examples: ['report weekly', 'report weekly --project my-project --to 2026-11-22'],
  async run({ practice, config, clock, people, caller }, args) {
    if (args.project !== undefined) config.project(args.project);
    const now = clock.now();
    const week =
      args.to === undefined
        ? { from: now - WEEK_MS, to: now }
        : weekOf(args.to, config.current().config.estate.timezone);
    if (week === undefined)
      throw fail('ARGUMENTS_INVALID', {
        command: 'report weekly',
        why: `--to takes a day such as 2026-11-25, not "${args.to ?? ''}"`,
      });
    const report = await practice.weekly({
      ...week,
      project: args.project,
      may: (place) => sees(people, caller.person, place),
    });
    const { title, markdown } = await practice.written(report);
    return {
      title,
      tone: 'info',
      blocks: [{ type: 'code', language: 'markdown', text: markdown }],
      data: { ...report, markdown } as unknown as Json,
    };
  },
});
