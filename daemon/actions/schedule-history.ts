import { z } from 'zod';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readAction } from '../ports/actions.ts';
import type { SlotRow } from '../ports/schedules.ts';
import { instant } from './instant.ts';
import { group, name, visible } from './schedule-parts.ts';

const TONES = { ran: 'good', skipped: 'warn', refused: 'bad' } as const;
const went = (row: SlotRow): Cell => ({
  tone: TONES[row.outcome],
  text: `${row.outcome}${row.backfill === true ? ' (backfill)' : ''}`,
});

export const scheduleHistory = readAction({
  name: 'schedule history',
  summary: 'Every slot of a schedule: ran, late by, or skipped and why',
  description:
    'Shows what was recorded last. With --before, or a --limit above 20, it reads the ledger and shows the latest slots first.',
  group,
  verb: 'view',
  args: z.object({
    schedule: name,
    limit: arg.integer('how many', { min: 1, max: 1000 }).default(20),
    before: arg.string('only slots before this time, UTC: 2026-11-24 or 2026-11-24T03:00Z').optional(),
  }),
  examples: [
    'schedule history self-restore',
    'schedule history self-restore --before 2026-11-01 --limit 100',
  ],
  async run(context, args) {
    const row = visible(context, args.schedule);
    const { limit } = args;
    const before =
      args.before === undefined ? {} : { before: instant(args.before, 'schedule history', 'before') };
    const slots = await context.schedules.history(row.name, { limit, ...before });
    const earliest = Math.min(...slots.map(({ slot }) => slot));
    const more = `Earlier ones: reeve schedule history ${row.name} --limit ${limit} --before`;
    return {
      title: `${args.before === undefined ? 'The last ' : ''}${slots.length === 1 && args.before === undefined ? 'slot' : plural(slots.length, 'slot')} of ${row.name}${args.before === undefined ? '' : ` before ${args.before}`}`,
      tone: slots[0]?.outcome === 'refused' ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Slot' },
            { label: 'Outcome' },
            { label: 'Late by', align: 'right' },
            { label: 'Job' },
            { label: 'Why' },
          ],
          rows: slots.map((s): Cell[] => [
            { time: s.slot },
            went(s),
            s.backfill === true ? '–' : { duration: s.late_ms },
            s.job_id === undefined ? '–' : { id: s.job_id },
            s.until === undefined
              ? (s.why ?? '')
              : `${s.why ?? ''} (until ${new Date(s.until).toISOString()})`,
          ]),
          empty: args.before === undefined ? 'No slot of it has come yet.' : 'None before that time.',
        },
        ...(slots.length < limit
          ? []
          : [{ type: 'hint' as const, text: `${more} ${new Date(earliest).toISOString()}` }]),
      ],
      data: slots,
    };
  },
});
