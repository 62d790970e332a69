import { z } from 'zod';
import type { Json } from '../../contracts/json.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { lastEnvironments } from '../estate-places.ts';
import { readAction } from '../ports/actions.ts';
import type { DoraView } from '../ports/practice.ts';

const DAY_MS = 86_400_000;
const time = (ms: number | null): Cell => (ms === null ? '–' : { duration: ms });
const percent = (share: number | null): string => (share === null ? '–' : `${(share * 100).toFixed(1)} %`);
const more = (count: number, word: string): string => (count === 0 ? '' : ` (${count} ${word})`);

/** A length with what it does not tell of: `– (3 unknown)`. */
function cells({ lead, recovery, restore }: DoraView): Cell[] {
  const beside = (ms: number | null, count: number, word: string): Cell =>
    count === 0 || ms === null ? (count === 0 ? time(ms) : `–${more(count, word)}`) : time(ms);
  return [
    beside(lead.median, lead.unknown, 'unknown'),
    beside(recovery.median, recovery.open, 'open'),
    beside(restore.median, restore.open, 'open'),
  ];
}

export const dora = readAction({
  name: 'dora',
  summary: 'How often is deployed, how long a change takes, how often it fails and how long that lasts',
  description:
    'Deployments are jobs of the actions deploy and promote that passed. One failed when somebody linked an incident to it as its cause, or when it was rolled back; nothing is guessed. Lead times begin with the commit that the runbook names (`commit` or `commit_time`, an input or an output).',
  group: 'Practice',
  verb: 'view',
  args: z.object({
    project: arg.project('only this project').optional(),
    env: arg.environment('absent: the last environment of each project').optional(),
    days: arg.integer('how far back', { min: 1, max: 366 }).default(30),
  }),
  examples: ['dora', 'dora --project my-project --env staging --days 90 --json'],
  async run({ practice, config, clock, people, caller }, args) {
    const places = lastEnvironments(config.current().config, args).filter(({ project, env }) =>
      people.allows(caller.person, 'view', project, env),
    );
    const to = clock.now();
    const all = await practice.dora(places, to - args.days * DAY_MS, to);
    const unknown = all.reduce((sum, { lead }) => sum + lead.unknown, 0);
    return {
      title: `The last ${args.days === 1 ? 'day' : plural(args.days, 'day')}`,
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Where' },
            { label: 'Deployments', align: 'right' },
            { label: 'A week', align: 'right' },
            { label: 'Did not pass', align: 'right' },
            { label: 'Lead time', align: 'right' },
            { label: 'Failed', align: 'right' },
            { label: 'Failure rate', align: 'right' },
            { label: 'Recovery', align: 'right' },
            { label: 'Incidents', align: 'right' },
            { label: 'Time to restore', align: 'right' },
          ],
          rows: all.map((view): Cell[] => {
            const [lead = '–', recovery = '–', restore = '–'] = cells(view);
            return [
              `${view.project}/${view.env}`,
              view.deployments,
              view.per_week.toFixed(1),
              view.not_passed,
              lead,
              view.failed.length,
              percent(view.change_failure_rate),
              recovery,
              view.incidents,
              restore,
            ];
          }),
          empty: 'There is no such place.',
        },
        { type: 'hint', text: 'Times are medians.' },
        ...(unknown === 0
          ? []
          : [
              {
                type: 'hint' as const,
                text: `Of ${plural(unknown, 'deployment')} no commit is known, so ${unknown === 1 ? 'its' : 'their'} lead time is not, either: let the runbook write commit=… or commit_time=… to $REEVE_OUTPUT.`,
              },
            ]),
        ...(all.every(({ complete }) => complete)
          ? []
          : [
              {
                type: 'hint' as const,
                text: 'Older changes of this time are kept in the ledger only, and are not counted here.',
              },
            ]),
      ],
      data: all as unknown as Json,
    };
  },
});
