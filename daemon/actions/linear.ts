import { z } from 'zod';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction } from '../ports/actions.ts';

const group = 'Linear';

export const linearStatus = readAction({
  name: 'linear status',
  aliases: ['linear'],
  summary: 'Which issue belongs to which incident, what waits to be sent, and what went otherwise',
  group,
  verb: 'run',
  args: z.object({ limit: arg.integer('how many of each', { min: 1, max: 500 }).default(20) }),
  examples: ['linear status', 'linear status --json'],
  async run({ linear, incidents, people, caller }, { limit }) {
    const { team, links, waiting, odd, health } = await linear.view();
    /** What a caller may not see of an incident is not told by its issue either. */
    const mine = (incident: string | null): boolean => {
      if (incident === null) return true;
      try {
        const { project, env } = incidents.get(incident);
        return people.allows(caller.person, 'view', project, env);
      } catch {
        return false;
      }
    };
    const visible = links.filter((one) => mine(one.incident));
    const shown = {
      team,
      links: visible.slice(-limit).toReversed(),
      waiting: waiting.slice(0, limit),
      odd: odd.filter((one) => mine(one.incident)).slice(0, limit),
      health,
    };
    return {
      title:
        team === null
          ? 'Nothing is written to Linear'
          : waiting.length === 0
            ? `Linear has everything (team ${team})`
            : `${plural(waiting.length, 'thing')} left to send to Linear`,
      tone: health.failing === null ? 'info' : 'warn',
      blocks: [
        ...(health.failing === null
          ? []
          : [
              {
                type: 'fields' as const,
                fields: [
                  { label: 'Nothing gets through since', value: { time: health.failing } },
                  { label: 'Why', value: health.why ?? '' },
                ],
              },
            ]),
        {
          type: 'table',
          columns: [{ label: 'Incident' }, { label: 'Issue' }, { label: 'Where' }],
          rows: shown.links.map((one): Cell[] => [
            { id: one.incident },
            one.identifier ?? 'not yet created',
            one.url ?? '',
          ]),
          empty: 'No incident has an issue yet.',
        },
        ...(shown.links.length < visible.length
          ? [{ type: 'hint' as const, text: `The newest ${limit} of ${visible.length}; --limit shows more.` }]
          : []),
        ...(shown.waiting.length === 0
          ? []
          : [
              {
                type: 'table' as const,
                columns: [
                  { label: 'Waits' },
                  { label: 'Since' },
                  { label: 'Tries', align: 'right' as const },
                  { label: 'Why' },
                ],
                rows: shown.waiting.map((one): Cell[] => [
                  one.kind,
                  { time: one.since },
                  one.tries,
                  one.why ?? '',
                ]),
                empty: '',
              },
            ]),
        ...(shown.odd.length === 0
          ? []
          : [
              {
                type: 'table' as const,
                columns: [{ label: 'When' }, { label: 'Issue' }, { label: 'What went otherwise' }],
                rows: shown.odd.map((one): Cell[] => [{ time: one.at }, one.what, one.why]),
                empty: '',
              },
            ]),
      ],
      data: shown,
    };
  },
});

export const linearRetry = adminAction({
  name: 'linear retry',
  type: 'retry_linear',
  summary: 'Send now what waits for Linear',
  group,
  verb: 'administer',
  args: z.object({}),
  examples: ['linear retry'],
  async run({ linear }) {
    const waiting = await linear.retry();
    return { title: `Trying now: ${plural(waiting, 'thing')}`, data: { waiting } };
  },
});
