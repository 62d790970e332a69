import { plural } from '../../contracts/units.ts';
import { z } from 'zod';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { counted } from '../../contracts/job-result.ts';
import type { Cell } from '../../contracts/reply.ts';
import { arg } from '../args.ts';
import {
  privilegedAction,
  readAction,
  type Action,
  type ActionContext,
  type JobWish,
} from '../ports/actions.ts';
import type { SyncView } from '../ports/sync.ts';
import { sees } from './sees.ts';
import { jobArgs, placeArgs, placeOf, wishOf } from './wish.ts';

const group = 'Records for people';

const visible = (views: SyncView[], { people, caller }: ActionContext): SyncView[] =>
  views.map((view) => ({
    ...view,
    runs: view.runs.filter(({ project }) =>
      project === null
        ? people.allowsEverywhere(caller.person, 'view')
        : sees(people, caller.person, { project }),
    ),
  }));

export const syncList = readAction({
  name: 'sync list',
  aliases: ['sync'],
  summary: 'Records that are kept in step, and how far they have come',
  group,
  verb: 'view',
  args: z.object({}),
  examples: ['sync list'],
  async run(context) {
    const views = visible(await context.syncs.list(), context);
    return {
      title: plural(views.length, 'sync job'),
      tone: views.some(({ runs }) => runs.some(({ conflicts }) => conflicts.length > 0)) ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Job' },
            { label: 'What' },
            { label: 'Writes' },
            { label: 'Up to' },
            { label: 'Last run' },
          ],
          rows: views.map(({ name, summary, files, runs }): Cell[] => {
            const last = runs.at(-1);
            return [
              name,
              summary,
              files.join(', '),
              last?.cursor ?? '–',
              last === undefined ? 'never' : { time: last.at },
            ];
          }),
          empty: 'None.',
        },
      ],
      data: views,
    };
  },
});

export const syncStatus = readAction({
  name: 'sync status',
  summary: 'How far one of them has come, for each project, and what people had changed',
  group,
  verb: 'view',
  args: z.object({ job: arg.string('as in `reeve sync list`', { position: 0, max: 64 }) }),
  examples: ['sync status activity-log'],
  async run(context, { job }) {
    const [view] = visible([await context.syncs.get(job)], context);
    const runs = view?.runs ?? [];
    return {
      title: `${job}: ${view?.summary ?? ''}`,
      tone: runs.some(({ conflicts }) => conflicts.length > 0) ? 'warn' : 'info',
      blocks: [
        {
          type: 'table',
          columns: [
            { label: 'Scope' },
            { label: 'Up to' },
            { label: 'At' },
            { label: 'Counted' },
            { label: 'Job' },
          ],
          rows: runs.map((run): Cell[] => [
            run.project ?? 'the estate',
            run.cursor,
            { time: run.at },
            counted(run.counts),
            run.job.slice(0, 12),
          ]),
          empty: `It has not run yet: reeve sync run ${job}`,
        },
        ...runs.flatMap(({ conflicts }) =>
          conflicts.map((text) => ({
            type: 'text' as const,
            text: `${job === 'github' ? 'To be looked at' : 'Left as people had it'}: ${text}`,
          })),
        ),
      ],
      data: view ?? null,
    };
  },
});

const runArgs = {
  ...placeArgs,
  since: arg
    .string('from here on, whatever its cursor says; a day such as 2026-11-25', { max: 40 })
    .optional(),
  dry_run: arg.boolean('show what it would write, and write nothing').optional(),
  scope: arg.choice(['project', 'estate'], 'this project (default), or the whole estate').optional(),
  input: jobArgs.input,
};

async function wish(
  context: ActionContext,
  name: string,
  args: z.infer<z.ZodObject<typeof runArgs>>,
): Promise<JobWish> {
  const view = await context.syncs.get(name);
  const runbook = await context.runbooks.get(view.runbook).catch((error: unknown) => {
    if (!(error instanceof ReeveError) || error.code !== 'RUNBOOK_NOT_FOUND') throw error;
    const suggestion = `It runs \`reeve sync ${name}\`: copy runbooks/${view.runbook}.md of Reeve into the runbooks of this estate.`;
    throw fail('RUNBOOK_NOT_FOUND', { id: view.runbook, suggestion }, { cause: error });
  });
  const { project, env } = placeOf(context, runbook, args);
  const { since, dry_run, scope } = args;
  const flags = Object.fromEntries(
    Object.entries({ since, dry_run, scope }).filter(
      (e): e is [string, string | boolean] => e[1] !== undefined,
    ),
  );
  return wishOf(runbook, runbook.front.action, project, env, flags, args);
}

export const syncRun = privilegedAction({
  name: 'sync run',
  type: 'sync',
  summary: 'Bring one of them up to date now',
  group,
  verb: 'run',
  destructive: false,
  args: z.object({ job: arg.string('as in `reeve sync list`', { position: 0, max: 64 }), ...runArgs }),
  examples: ['sync run activity-log --dry-run'],
  resolve: (context, args) => wish(context, args.job, args),
});

const direct = (name: string, summary: string): Action =>
  privilegedAction({
    name: `sync ${name}`,
    type: 'sync',
    summary,
    group,
    verb: 'run',
    destructive: false,
    args: z.object(runArgs),
    examples: [`sync ${name}`, `sync ${name} --dry-run --force`],
    resolve: (context, args) => wish(context, name, args),
  });

export const syncSchemas = direct('schemas', 'Mirror the schemas of APIs that reeve.yaml names');
export const syncTodos = direct('todos', 'Report the TODOs that name their owner');
export const syncActivityLog = direct('activity-log', 'Write the daily notes from the ledger');
export const syncLinear = direct('linear', 'Make up for what webhooks of Linear may have missed');
export const syncGithub = direct(
  'github',
  'Mirror releases, deployments, workflow runs and labelled issues of GitHub',
);
