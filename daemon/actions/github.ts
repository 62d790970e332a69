import { z } from 'zod';
import type { Cell } from '../../contracts/reply.ts';
import { plural } from '../../contracts/units.ts';
import { arg } from '../args.ts';
import { readAction, type Action } from '../ports/actions.ts';
import type { MirrorKind } from '../ports/mirror.ts';
import { sees } from './sees.ts';

const listed = (kind: MirrorKind, word: string, what: string, columns: [string, string, string]): Action =>
  readAction({
    name: `github ${kind}`,
    summary: `${what} of GitHub, as they were mirrored`,
    description: `Nothing is asked of GitHub: \`reeve sync github\` brings them up to date, and its webhooks do in between.`,
    group: 'GitHub',
    verb: 'view',
    args: z.object({
      project: arg.project('only this project').optional(),
      limit: arg.integer('how many', { min: 1, max: 500 }).default(20),
    }),
    examples: [`github ${kind}`, `github ${kind} --limit 5 --json`],
    async run({ mirror, people, caller }, { project, limit }) {
      const rows = await mirror.list(
        kind,
        limit,
        (of) => (project === undefined || of === project) && sees(people, caller.person, { project: of }),
      );
      return {
        title: plural(rows.length, word),
        blocks: [
          {
            type: 'table',
            columns: [
              { label: 'When' },
              { label: 'Repository' },
              ...columns.map((label) => ({ label })),
              { label: 'By' },
            ],
            rows: rows.map((one): Cell[] => [
              { time: one.created },
              one.repository,
              one.ref,
              one.title,
              one.state,
              one.by ?? '–',
            ]),
            empty: 'None is mirrored: reeve sync github',
          },
        ],
        data: rows,
      };
    },
  });

export const githubReleases = listed('releases', 'release', 'Releases', ['Tag', 'Name', 'State']);
export const githubDeployments = listed('deployments', 'deployment', 'Deployments', [
  'Ref',
  'Where',
  'State',
]);
export const githubRuns = listed('runs', 'workflow run', 'Workflow runs', ['Branch', 'What', 'State']);
export const githubIssues = listed('issues', 'issue', 'Issues with the label of sync.github', [
  'Number',
  'Title',
  'State',
]);
