import { z } from 'zod';
import { fail } from '../../contracts/errors.ts';
import type { Block } from '../../contracts/reply.ts';
import { arg } from '../args.ts';
import { readAction } from '../ports/actions.ts';

/** The endings of an evidence bundle's parts, and what each is called when it is saved. */
const PARTS = ['.svg', '.json', '.intoto.json'] as const;

export const drillReport = readAction({
  name: 'drill report',
  summary: 'The evidence of a drill run for people; --output FILE saves its chart',
  group: 'Drills and schedules',
  verb: 'read',
  args: z.object({
    run: arg.string('a drill, for its last run, or the job of a run', { position: 0 }),
  }),
  examples: ['drill report self-restore', 'drill report self-restore --output chart.svg'],
  async run({ drills, artifacts, people, caller }, args) {
    const may = (row: { project?: string; env?: string }): boolean =>
      row.project === undefined
        ? people.allowsEverywhere(caller.person, 'read')
        : people.allows(caller.person, 'read', row.project, row.env);
    const of = (row: { drill: string; job_id: string }): boolean =>
      row.drill === args.run || (args.run.startsWith('job_') && row.job_id.startsWith(args.run));
    // Newest first; a run that the caller may not read is as good as none.
    const row = drills.evidence().find((one) => of(one) && may(one));
    const ref = (ending: string) =>
      row?.evidence.find(
        ({ name }) => name !== undefined && name.endsWith(ending) && endingOf(name) === ending,
      );
    const markdown = ref('.md');
    if (row === undefined || markdown?.digest === undefined)
      throw fail('DRILL_NOT_FOUND', { what: args.run });
    const text = Buffer.from(await artifacts.get(markdown.digest)).toString('utf8');
    const files = PARTS.flatMap((ending): Block[] => {
      const artifact = ref(ending);
      if (artifact === undefined) return [];
      const name = `${row.drill}${ending}`;
      return [{ type: 'file', name, mediaType: artifact.mediaType ?? 'application/octet-stream', artifact }];
    });
    return {
      title: `Drill ${row.drill}: ${row.verdict}`,
      ok: row.verdict === 'PASS',
      tone: row.verdict === 'PASS' ? 'good' : 'bad',
      blocks: [{ type: 'code', language: 'markdown', text }, ...files],
      data: { ...row, markdown: text },
    };
  },
});

const endingOf = (name: string): string | undefined =>
  ['.intoto.json', '.json', '.md', '.svg'].find((ending) => name.endsWith(ending));
