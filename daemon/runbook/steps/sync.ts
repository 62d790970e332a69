import path from 'node:path';
import { z } from 'zod';
import { SYNC_FILES, type SyncName } from '../../../contracts/estate/sync-files.ts';
import { plainOf } from '../../markdown.ts';
import { oneLine } from '../../text.ts';
import { defineKind, specObject } from './kind.ts';

const Sync = z.enum(Object.keys(SYNC_FILES) as [SyncName, ...SyncName[]]);
const Scope = z.enum(['project', 'estate']);
/** So that a list of them fits into a record's output. */
const MAX_LISTED = 10;
const MAX_LINE = 180;

/** Runs a sync job: from where its last run had come to. */
export const sync = defineKind({
  kind: 'sync',
  summary: 'Brings records for people up to date: the files are named in the plan, and obey the zones.',
  body: 'none',
  reads: { outputs: false, secrets: false },
  attributes: z.object({
    job: Sync,
    scope: Scope.default('project'),
    since: z.string().max(40).default(''),
    dry_run: z.enum(['true', 'false']).default('false'),
  }),
  spec: specObject({
    job: Sync,
    scope: Scope,
    since: z.string(),
    dry_run: z.boolean(),
    files: z.array(z.string()),
  }),
  plan({ job, scope, since, dry_run }, { projectPath, sync: spec }) {
    // Schemas are of the estate: where each goes stands in reeve.yaml.
    const base = scope === 'project' && job !== 'schemas' ? projectPath : '.';
    const files = SYNC_FILES[job](spec).map((file) => path.join(base, file));
    const dry = dry_run === 'true';
    const { linear } = spec.todos;
    // A look at a part of them tells Linear nothing.
    const told =
      job === 'todos' && linear !== undefined && since === ''
        ? `; tells Linear of at most ${linear.max} of them`
        : '';
    const from = since === '' ? 'from where it had come to' : `from ${since}`;
    return {
      summary:
        files.length === 0
          ? `${dry ? 'shows' : 'does'} what the sync job ${job} has to do, ${from}; writes no file`
          : `${dry ? 'shows what' : 'writes what'} the sync job ${job} has, ${from}: ${files.join(', ')}${told}`,
      spec: { job, scope, since, dry_run: dry, files },
      writes: dry ? [] : files,
    };
  },
  async run({ job, scope, since, dry_run, files }, context) {
    const { title, headline, counts, changes, conflicts, artifact } = await context.services.sync({
      sync: job,
      scope,
      since: since === '' ? undefined : since,
      dryRun: dry_run,
      files,
      job: context.spec,
      signal: context.signal,
      log: (text) => context.log('reeve', text),
    });
    return {
      status: 'PASS',
      artifacts: [artifact],
      outputs: {
        title: dry_run ? `${title} (dry run: nothing was written)` : title,
        headline: plainOf(headline),
        files: dry_run ? 'nothing was written' : files.join(', '),
        conflicts: String(conflicts.length),
        changes: listed(changes),
        left: listed(conflicts),
        ...Object.fromEntries(
          Object.entries(counts).map(([name, n]) => [
            dry_run && name === 'written' ? 'to_be_written' : name,
            String(n),
          ]),
        ),
      },
    };
  },
});

/** One line each. The document has all of them, and whole. */
function listed(texts: readonly string[]): string {
  const more = texts.length - MAX_LISTED;
  return [
    ...texts.slice(0, MAX_LISTED).map((text) => oneLine(text, MAX_LINE)),
    ...(more > 0 ? [`and ${more} more`] : []),
  ].join('\n');
}
