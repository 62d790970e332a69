import { z } from 'zod';
import type { Scope } from '../../contracts/records/admin.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { adminAction } from '../ports/actions.ts';

const group = 'Stop and go';
const scopeOf = (project: string | undefined): Scope => (project === undefined ? 'all' : { project });
const words = (project: string | undefined): string => project ?? 'everything';
const where = (args: { project?: string | undefined }) =>
  args.project === undefined ? {} : { project: args.project };

export const halt = adminAction({
  name: 'halt',
  type: 'halt',
  summary: 'Stop everything privileged at its next step; works when the disk is full',
  group,
  verb: 'run',
  evenUnrecorded: true,
  where,
  args: z.object({ project: arg.project('only this project').optional() }),
  examples: ['halt --project my-project --reason "wrong release"', 'halt'],
  async run({ work, config, people, caller, reason }, args) {
    if (args.project === undefined) people.requireEverywhere(caller.person, 'run');
    else config.project(args.project);
    const before = work.halts();
    const { recorded, kept } = await work.halt(
      scopeOf(args.project),
      caller.person,
      reason || `halted by ${caller.person}`,
    );
    return {
      title: `Halted ${words(args.project)}`,
      tone: 'warn',
      blocks: [
        ...(recorded
          ? []
          : [
              {
                type: 'hint' as const,
                text: kept
                  ? 'The ledger cannot be written now. The halt stands all the same, is kept on disk, and goes into the ledger as soon as it can.'
                  : 'Neither the ledger nor the reserve of halts can be written now. The halt stands all the same, but only as long as this daemon runs: do not restart it.',
              },
            ]),
        {
          type: 'hint',
          text: `Lift it: reeve resume${args.project === undefined ? '' : ` --project ${args.project}`}`,
        },
      ],
      data: { halted: work.halts(), recorded, kept },
      before,
      after: work.halts(),
      ...(args.project === undefined ? {} : { targets: [{ kind: 'project', id: args.project }] }),
    };
  },
});

export const resume = adminAction({
  name: 'resume',
  type: 'resume',
  summary: 'Lift a halt, a pause or a drain',
  group,
  verb: 'run',
  where,
  args: z.object({ project: arg.project('lift only this project’s halt').optional() }),
  examples: ['resume --project my-project', 'resume'],
  async run({ work, config, people, caller, reason }, args) {
    if (args.project === undefined) people.requireEverywhere(caller.person, 'run');
    else config.project(args.project);
    const before = { halts: work.halts(), paused: work.paused() ?? null };
    const why = reason || `resumed by ${caller.person}`;
    const lifted =
      args.project === undefined
        ? before.halts.length > 0
        : before.halts.some((h) => h.scope === args.project);
    if (lifted) await work.lift(scopeOf(args.project), caller.person, why);
    // Who may not pause may not lift a pause either, but the halts that stand beside it.
    const wanted = args.project === undefined && before.paused !== null;
    const unpaused = wanted && people.allows(caller.person, 'administer');
    if (wanted && !unpaused && !lifted) people.requireEverywhere(caller.person, 'administer');
    if (unpaused) await work.resume(caller.person, why);
    const stillAll = args.project !== undefined && before.halts.some((h) => h.scope === 'everything');
    return {
      title:
        lifted || unpaused
          ? `Resumed ${words(args.project)}`
          : `Nothing of ${words(args.project)} was stopped`,
      tone: stillAll || wanted !== unpaused ? 'warn' : 'good',
      blocks: [
        ...(stillAll
          ? [{ type: 'hint' as const, text: 'Everything is still halted; `reeve resume` lifts that.' }]
          : []),
        ...(wanted === unpaused
          ? []
          : [{ type: 'hint' as const, text: 'New work is still paused; an administrator lifts that.' }]),
      ],
      data: { halted: work.halts(), paused: work.paused() ?? null },
      before,
      after: { halts: work.halts(), paused: work.paused() ?? null },
    };
  },
});

const stop = (name: 'pause' | 'drain', summary: string, drain: boolean) =>
  adminAction({
    name,
    type: name,
    summary,
    group,
    verb: 'administer',
    args: z.object({}),
    examples: [`${name} --reason "maintenance"`],
    async run({ work, jobs, caller, reason }) {
      const before = work.paused() ?? null;
      await work.pause(caller.person, reason || `${name} by ${caller.person}`, drain);
      const left = jobs.counts();
      return {
        title: drain
          ? `Draining: ${plural(left.running, 'running job')} ${left.running === 1 ? 'ends' : 'end'}, nothing new starts`
          : 'Paused: nothing new starts',
        tone: 'warn',
        blocks: [{ type: 'hint', text: 'Lift it: reeve resume' }],
        data: { paused: work.paused() ?? null, running: left.running, queued: left.queued },
        before,
        after: work.paused() ?? null,
      };
    },
  });
export const pause = stop('pause', 'Start nothing new; what runs goes on, what asks is refused', false);
export const drain = stop('drain', 'Let running jobs end and start nothing, for a restart', true);
