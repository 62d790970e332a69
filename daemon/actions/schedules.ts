import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction, readAction, type ActionContext } from '../ports/actions.ts';
import type { ScheduleRow } from '../ports/schedules.ts';
import { instant } from './instant.ts';
import { group, name, visible } from './schedule-parts.ts';
import { sees } from './sees.ts';

const time = (at: number | null): Cell => (at === null ? '–' : { time: at });

/** Changing a schedule needs the role where it runs. */
function mine(context: ActionContext, schedule: string): ScheduleRow {
  const row = visible(context, schedule);
  context.people.require(context.caller.person, 'run', row.project, row.env);
  return row;
}

export const scheduleList = readAction({
  name: 'schedule list',
  aliases: ['schedule'],
  summary: 'What runs by itself, when it ran last and when next',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['schedule list'],
  async run({ schedules, mandates, people, caller }) {
    const states = new Map((await mandates.list()).map((m) => [m.id, m.state]));
    const all = schedules
      .list()
      .filter((row) => sees(people, caller.person, row))
      .map((row) => ({ ...row, mandate: states.get(`schedule:${row.name}`) ?? 'pending' }));
    const odd = all.some((s) => s.mandate !== 'accepted' || s.last_outcome === 'refused');
    return {
      title: plural(all.length, 'schedule'),
      tone: odd ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: ['Schedule', 'Runs', 'Cron', 'Mandate', 'Last slot', 'Next'].map((label) => ({ label })),
          rows: all.map((s): Cell[] => [
            s.name,
            s.runbook,
            `${s.cron} ${s.timezone}`,
            { tone: s.mandate === 'accepted' ? 'good' : 'warn', text: s.mandate },
            time(s.last_slot),
            s.paused === null ? time(s.next) : { tone: 'warn', text: `paused by ${s.paused.by}` },
          ]),
          empty: 'Nothing is scheduled.',
        },
      ],
      data: all,
    };
  },
});

export const scheduleNext = readAction({
  name: 'schedule next',
  summary: 'The coming slots of one schedule, or of all',
  description:
    'Slots are shown as the cron line, its time zone and its daylight-saving policy give them, without jitter.',
  group,
  verb: 'view',
  args: z.object({
    schedule: arg.schedule('only this schedule', { position: 0 }).optional(),
    count: arg.integer('how many', { min: 1, max: 100 }).default(10),
  }),
  examples: ['schedule next', 'schedule next self-restore --count 3'],
  run(context, args) {
    const { schedules, clock, people, caller } = context;
    const rows = args.schedule === undefined ? schedules.list() : [visible(context, args.schedule)];
    const coming = rows
      .filter((row) => sees(people, caller.person, row))
      .flatMap((row) =>
        schedules
          .slots(row.name, clock.now(), args.count)
          .map((at) => ({ at, schedule: row.name, runbook: row.runbook, paused: row.paused !== null })),
      )
      .toSorted((a, b) => a.at - b.at)
      .slice(0, args.count);
    return {
      title: plural(coming.length, 'coming slot'),
      tone: 'info',
      blocks: [
        {
          type: 'table',
          columns: ['When', 'Schedule', 'Runs', ''].map((label) => ({ label })),
          rows: coming.map((c): Cell[] => [
            { time: c.at },
            c.schedule,
            c.runbook,
            c.paused ? { tone: 'warn', text: 'paused' } : '',
          ]),
          empty: 'Nothing is due any more.',
        },
      ],
      data: coming,
    };
  },
});

export const schedulePause = adminAction({
  name: 'schedule pause',
  type: 'pause_schedule',
  summary: 'Skip every slot of a schedule until it is resumed; each one says so',
  group,
  verb: 'run',
  needsReason: true,
  args: z.object({ schedule: name }),
  examples: ['schedule pause nightly-backup --reason "migrating the disk"'],
  async run(context, args) {
    const row = mine(context, args.schedule);
    const done = await context.schedules.pause(row.name, context.caller.person, context.reason);
    const { paused } = context.schedules.get(row.name);
    return {
      title: done ? `${row.name} is paused` : `${row.name} was paused already`,
      tone: 'warn',
      blocks: [{ type: 'hint', text: `Lift it: reeve schedule resume ${row.name}` }],
      data: { schedule: row.name, paused },
      targets: [{ kind: 'schedule', id: row.name }],
      before: row.paused,
      after: paused,
    };
  },
});

export const scheduleResume = adminAction({
  name: 'schedule resume',
  type: 'resume_schedule',
  summary: 'Let a paused schedule run again, from its next slot on',
  group,
  verb: 'run',
  args: z.object({ schedule: name }),
  examples: ['schedule resume nightly-backup'],
  async run(context, args) {
    const row = mine(context, args.schedule);
    const why = context.reason || `resumed by ${context.caller.person}`;
    const done = await context.schedules.resume(row.name, context.caller.person, why);
    return {
      title: done ? `${row.name} runs again` : `${row.name} was not paused`,
      tone: 'good',
      blocks:
        row.next === null ? [] : [{ type: 'fields', fields: [{ label: 'Next', value: time(row.next) }] }],
      data: { schedule: row.name, next: row.next },
      targets: [{ kind: 'schedule', id: row.name }],
      before: row.paused,
      after: null,
    };
  },
});

/** Most slots that one call fills in. */
const MAX_SLOTS = 100;

export const scheduleBackfill = adminAction({
  name: 'schedule backfill',
  type: 'backfill_schedule',
  summary: 'Run slots of the past that did not run',
  description:
    'Every slot keeps its identity: one that has run already is the same job and does not run twice. The runs come one after the other, under the schedule’s mandate.',
  group,
  verb: 'run',
  needsReason: true,
  args: z.object({
    schedule: name,
    from: arg.string('first time, UTC: 2026-11-24 or 2026-11-24T03:00Z'),
    to: arg.string('last time; default: now').optional(),
  }),
  examples: [
    'schedule backfill nightly-backup --from 2026-11-20 --to 2026-11-22 --reason "the host was down"',
  ],
  preview: (context, args) => {
    const { row, slots } = wanted(context, args);
    return Promise.resolve({
      question: `Run ${plural(slots.length, 'slot')} of ${row.name} now?`,
      blocks: [
        {
          type: 'table',
          columns: [{ label: 'Slot' }],
          rows: slots.map((slot): Cell[] => [{ time: slot }]),
          empty: 'No slot lies in this time.',
        },
      ],
    });
  },
  async run(context, args) {
    const { row, slots } = wanted(context, args);
    const taken =
      slots.length === 0
        ? []
        : await context.schedules.backfill(row.name, slots, context.caller.person, context.reason);
    return {
      title: `${plural(taken.length, 'slot')} of ${row.name} ${taken.length === 1 ? 'runs' : 'run one after the other'}`,
      tone: taken.length === 0 ? 'info' : 'good',
      blocks: [{ type: 'hint', text: `How they went: reeve schedule history ${row.name}` }],
      data: { schedule: row.name, slots: taken },
      targets: [{ kind: 'schedule', id: row.name }],
      after: { slots: taken },
    };
  },
});

function wanted(
  context: ActionContext,
  args: { schedule: string; from: string; to?: string | undefined },
): { row: ScheduleRow; slots: number[] } {
  const row = mine(context, args.schedule);
  if (row.paused !== null)
    throw fail('SCHEDULE_PAUSED', { schedule: row.name, by: row.paused.by, reason: row.paused.reason });
  const now = context.clock.now();
  const from = instant(args.from, 'schedule backfill', 'from');
  const to = Math.min(now, args.to === undefined ? now : instant(args.to, 'schedule backfill', 'to'));
  const slots = context.schedules.slots(row.name, from - 1, MAX_SLOTS + 1).filter((slot) => slot <= to);
  if (slots.length > MAX_SLOTS)
    throw fail('ARGUMENTS_INVALID', {
      command: 'schedule backfill',
      why: `more than ${MAX_SLOTS} slots lie in this time; take a shorter one`,
    });
  return { row, slots };
}
