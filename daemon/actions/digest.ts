import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Json } from '../../contracts/json.ts';
import { arg } from '../args.ts';
import { digestSpan } from '../calendar.ts';
import { readAction } from '../ports/actions.ts';
import { sees } from './sees.ts';

export const digest = readAction({
  name: 'digest',
  summary:
    'A day, or a week beside the one before: what waits for a person, what happened, figures, next drills',
  description:
    'Shows what the runbooks daily-digest and weekly-digest tell a channel, and tells nobody. Without --to: the day, or the seven days, that ended last; in the afternoon, today.',
  group: 'Practice',
  verb: 'view',
  args: z.object({
    week: arg.boolean('the seven days, beside the seven before').default(false),
    project: arg.project('only this project').optional(),
    to: arg.string('the last day, such as 2026-11-25', { max: 10 }).optional(),
  }),
  examples: ['digest', 'digest --week --project my-project'],
  async run({ practice, config, clock, people, caller }, { week, project, to }) {
    if (project !== undefined) config.project(project);
    const allowed =
      project === undefined
        ? people.allowsEverywhere(caller.person, 'view')
        : sees(people, caller.person, { project });
    if (!allowed)
      throw fail('FORBIDDEN', { person: caller.person, verb: 'view', where: project ?? 'every project' });
    const period = week ? 'week' : 'day';
    const span = digestSpan(period, to ?? clock.now(), config.current().config.estate.timezone);
    if (span === undefined)
      throw fail('ARGUMENTS_INVALID', {
        command: 'digest',
        why: `--to takes a day such as 2026-11-25, not "${to ?? ''}"`,
      });
    const { chart: _chart, ...made } = await practice.digest({ period, ...span, project });
    return {
      title: made.title,
      tone: made.quiet ? 'good' : made.waiting.length > 0 ? 'warn' : 'info',
      blocks: [{ type: 'text', text: made.text }],
      data: made as unknown as Json,
    };
  },
});
