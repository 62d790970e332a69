import { z } from 'zod';
import type { Block, Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readableTitle } from '../readable-title.ts';
import { readAction, type SentinelRow } from '../ports/actions.ts';
import { sees } from './sees.ts';

const group = 'Drills and schedules';
const ms = (value: number | null | undefined): Cell =>
  typeof value === 'number' ? { duration: value } : '–';

export const drillList = readAction({
  name: 'drill list',
  aliases: ['drill'],
  summary: 'Restore drills and how the last one went',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['drill list'],
  async run({ runbooks, drills, people, caller }) {
    const all = (await runbooks.list()).filter((r) => r.front.action === 'run_drill');
    const rows = all.map((r) => ({
      drill: r.front.runbook,
      title: readableTitle(r.front.title, r.front.inputs),
      last: drills.history(r.front.runbook).find((row) => sees(people, caller.person, row)) ?? null,
    }));
    // They are of the estate as a whole.
    const sentinels = people.allowsEverywhere(caller.person, 'view') ? drills.sentinels() : [];
    return {
      title: plural(all.length, 'drill'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Drill' },
            { label: 'Title' },
            { label: 'Verdict' },
            { label: 'RPO', align: 'right' },
            { label: 'RTO', align: 'right' },
            { label: 'When' },
          ],
          rows: rows.map(({ drill, title, last }): Cell[] => [
            drill,
            title,
            last === null
              ? 'never ran'
              : { tone: last.verdict === 'PASS' ? 'good' : 'bad', text: last.verdict },
            ms(last?.rpo_ms),
            ms(last?.rto_ms),
            last === null ? '–' : { time: last.at },
          ]),
          empty: 'No runbook has `action: run_drill`.',
        },
        ...(sentinels.length === 0 ? [] : [sentinelTable(sentinels)]),
      ],
      data: rows,
    };
  },
});

function sentinelTable(sentinels: readonly SentinelRow[]): Block {
  return {
    type: 'table',
    columns: [{ label: 'Sentinel' }, { label: 'Kind' }, { label: 'Written' }, { label: 'Trouble' }],
    rows: sentinels.map(({ sentinel, kind, written, problem }): Cell[] => [
      sentinel,
      kind,
      written === null ? 'not yet' : { time: written },
      problem === undefined ? '–' : { tone: 'bad', text: problem },
    ]),
    empty: '',
  };
}

export const drillHistory = readAction({
  name: 'drill history',
  summary: 'Every recorded drill with its measured RPO and RTO',
  group,
  verb: 'view',
  args: z.object({ drill: arg.runbook('only this drill', { position: 0 }).optional() }),
  examples: ['drill history self-restore'],
  run({ drills, people, caller }, args) {
    const all = drills.history(args.drill).filter((row) => sees(people, caller.person, row));
    return {
      title: plural(all.length, 'drill result'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Drill' },
            { label: 'When' },
            { label: 'Verdict' },
            { label: 'RPO', align: 'right' },
            { label: 'RTO', align: 'right' },
            { label: 'Job' },
          ],
          rows: all.map((d): Cell[] => [
            d.drill,
            { time: d.at },
            { tone: d.verdict === 'PASS' ? 'good' : 'bad', text: d.verdict },
            ms(d.rpo_ms),
            ms(d.rto_ms),
            { id: d.job_id },
          ]),
          empty: 'No drill has run yet: reeve drill run self-restore',
        },
      ],
      data: all,
    };
  },
});
