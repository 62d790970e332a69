import { z } from 'zod';
import { readAction } from '../ports/actions.ts';
import type { Json } from '../../contracts/json.ts';

/** What a broken file on disk means, and its first mistake. */
export const brokenWords = ([first = '', ...more]: readonly string[]): string =>
  `the file on disk has mistakes, so the version before it stays in force: ${first}${more.length === 0 ? '' : `, and ${more.length} more (config check)`}`;

export const status = readAction({
  name: 'status',
  summary: 'What runs, what waits, what was proven last',
  group: 'Look',
  verb: 'view',
  args: z.object({}),
  examples: ['status', 'status --json'],
  run(context) {
    const { people, caller } = context;
    const s = context.status((project, env) => people.allows(caller.person, 'view', project, env));
    return {
      title: `Reeve ${s.reeve} runs the estate ${s.estate}`,
      tone:
        s.halted.length > 0 || !s.ledger.writable || s.incidents.page > 0
          ? 'bad'
          : s.incidents.open > 0 || s.config_refused.length > 0
            ? 'warn'
            : 'good',
      blocks: [
        {
          type: 'fields',
          fields: [
            { label: 'Ledger', value: `${s.ledger.size} records` },
            ...(s.config_refused.length === 0
              ? []
              : [{ label: 'Not in force', value: brokenWords(s.config_refused) }]),
            { label: 'Root', value: { id: s.ledger.root } },
            {
              label: 'Jobs',
              value: `${s.jobs.running} running, ${s.jobs.queued} queued, ${s.jobs.unknown} unknown`,
            },
            ...(s.incidents.open === 0
              ? []
              : [
                  {
                    label: 'Incidents',
                    value: `${s.incidents.open} open: ${s.incidents.newest.map(({ title }) => title).join('; ')}`,
                  },
                ]),
            { label: 'Grants', value: `${s.grants_active} active, ${s.requests_open} requests open` },
          ],
        },
      ],
      data: s as unknown as Json,
    };
  },
});
