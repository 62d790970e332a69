import { ReeveError, fail } from '../../../contracts/errors.ts';
import { schemaFiles, schemaFormat } from '../../../contracts/estate/sync-files.ts';
import type { SchemaSource } from '../../../contracts/estate/sync.ts';
import { day } from '../../calendar.ts';
import { digestOf } from '../../digest.ts';
import { inMarkdown } from '../../markdown.ts';
import { HttpProblem } from '../../outgoing.ts';
import { own } from '../../own.ts';
import { oneLine, whole } from '../../text.ts';
import { place } from '../sections.ts';
import { sinceOf } from '../since.ts';
import { fileLine, type SyncDeps, type SyncJob, type SyncResult, type SyncRun } from '../sync.ts';
import { differences } from './diff.ts';
import { NoSchema, readSchema } from './document.ts';
import { fetchSchema, type Fetched } from './fetch.ts';
import { differ, schemaPage } from './page.ts';
import { schemasProjection, type SchemasState } from './projection.ts';

/** Descriptions of APIs, mirrored into the project: as they are, and a page for people with what changed. */
export const schemas: SyncJob = {
  name: 'schemas',
  summary: 'OpenAPI and JSON Schemas of others, mirrored with a page for people',
  runbook: 'schemas',
  run: mirror,
};

async function mirror(run: SyncRun, deps: SyncDeps): Promise<SyncResult> {
  const { estate, clock, clean } = deps;
  const { timezone } = estate.estate;
  const since = sinceOf(run, timezone, 'sync schemas');
  const all = Object.entries(estate.sync.schemas);
  const counts = { checked: 0, changed: 0, unchanged: 0, written: 0, failed: 0, conflicts: 0 };
  const conflicts: string[] = [];
  const problems: string[] = [];
  const told: string[] = [];
  const files: string[] = [];
  for (const [n, [name, source]] of all.entries()) {
    run.signal.throwIfAborted();
    await run.log(`progress ${n + 1}/${all.length}\n`);
    try {
      const one = await mirrorOne(name, source, run, deps);
      counts.checked += 1;
      counts[one.changes === undefined ? 'unchanged' : 'changed'] += 1;
      counts.written += one.written;
      conflicts.push(...one.conflicts);
      files.push(...one.files.map(([file, outcome]) => fileLine(file, outcome, run.dryRun)));
      if (one.changes !== undefined) told.push(`${name}: ${one.changes}`);
      await run.log(`${name}: ${one.changes ?? 'unchanged'}\n`);
    } catch (error) {
      if (!isProblem(error)) throw error;
      counts.failed += 1;
      problems.push(`${name}: ${oneLine(clean(error.message), 200)}`);
      await run.log(`${name}: ${error.message}\n`);
    }
  }
  counts.conflicts = conflicts.length;
  if (!run.dryRun) await run.advance(new Date(clock.now()).toISOString(), counts, conflicts);
  if (problems.length > 0)
    throw fail('SYNC_SOURCE', {
      count: problems.length,
      of: all.length,
      why: problems.slice(0, 5).join('; '),
    });
  const history = since === undefined ? [] : changesSince(deps.state.get(schemasProjection), since);
  const lines = [...told, ...history].map((line) => `- ${inMarkdown(oneLine(clean(line), 300))}`);
  return {
    title: `Schemas: ${counts.changed} of ${counts.checked} changed`,
    headline: [
      ...conflicts.map((one) => `**Kept as people left it**: ${inMarkdown(oneLine(one, 300))}`),
      ...(lines.length === 0 ? ['Nothing changed.'] : lines.slice(0, 20)),
    ].join('\n'),
    counts,
    changes: files,
    conflicts,
    document: {
      name: 'schemas.md',
      mediaType: 'text/markdown',
      text: `# Schemas, ${day(clock.now(), timezone)}\n\n${lines.join('\n')}\n`,
    },
  };
}

const isProblem = (error: unknown): error is Error =>
  error instanceof HttpProblem ||
  error instanceof NoSchema ||
  (error instanceof ReeveError && ['ADDRESS_REFUSED', 'SYNC_FILE'].includes(error.code));

interface Mirrored {
  /** What changed, in a few words; undefined: nothing. */
  changes: string | undefined;
  written: number;
  conflicts: string[];
  files: [file: string, outcome: 'written' | 'unchanged' | 'conflict'][];
}

async function mirrorOne(
  name: string,
  source: SchemaSource,
  run: SyncRun,
  deps: SyncDeps,
): Promise<Mirrored> {
  const { state, ledger, estate } = deps;
  const versions = (): SchemasState[string] => own(state.get(schemasProjection), name) ?? [];
  const [file, page] = schemaFiles(name, source);
  const here = await deps.read(file);
  const known = versions();
  const newest = known.at(-1);
  const isHere = here !== undefined && digestOf(Buffer.from(here)) === newest?.digest;
  const fetched = await get(source, isHere ? newest?.etag : undefined, run, deps);
  const bytes = fetched?.bytes ?? Buffer.from(here ?? '');
  const digest = digestOf(bytes);
  const format = schemaFormat(source);
  const document = await readSchema(bytes, format);
  const text = bytes.toString('utf8');
  // Any version that was mirrored once may be written over: somebody looks at an older commit.
  const isOurs =
    here === undefined ||
    here === text ||
    known.some((version) => version.digest === digestOf(Buffer.from(here)));
  if (!isOurs)
    return {
      changes: undefined,
      written: 0,
      conflicts: [`${file}: it is not what was mirrored; move it away to have it mirrored anew`],
      files: [[file, 'conflict']],
    };
  const changed = digest !== newest?.digest;
  let changes: string | undefined;
  if (changed) {
    const before =
      here === undefined || here === text ? undefined : await readSchema(Buffer.from(here), format);
    const { lines, more } =
      before === undefined ? { lines: [], more: 0 } : differences(before.value, document.value);
    changes =
      newest === undefined
        ? 'mirrored for the first time'
        : before === undefined
          ? 'changed; what it was is not here any more'
          : `${differ(lines.length + more)}${lines.length === 0 ? '' : `: ${lines.slice(0, 3).join(', ')}`}`;
    if (!run.dryRun)
      await ledger.append('sync.schema', {
        schema: name,
        job: run.job,
        digest,
        before: newest?.digest ?? null,
        ...(fetched?.etag === undefined ? {} : { etag: fetched.etag }),
        changes: lines.map((line) => whole(deps.clean(line), 300)),
        more,
      });
  }
  let written = 0;
  if (here !== text && !run.dryRun) {
    await deps.write(file, text, here);
    written += 1;
  }
  const pageBefore = await deps.read(page);
  const placed = place(pageBefore ?? '', {
    kind: 'schema',
    key: name,
    text: schemaPage(name, source, file, document, versions(), estate.estate.timezone),
  });
  const files: Mirrored['files'] = [
    [file, here === text ? 'unchanged' : 'written'],
    // A dry run has not recorded the version that the page would tell of.
    [page, placed.outcome === 'unchanged' && run.dryRun && changed ? 'written' : placed.outcome],
  ];
  if (placed.outcome === 'conflict')
    return { changes, written, conflicts: [`${page}: ${placed.why}`], files };
  if (placed.outcome === 'written' && !run.dryRun) {
    await deps.write(page, placed.text.replace(/^\n+/, ''), pageBefore);
    written += 1;
  }
  return { changes, written, conflicts: [], files };
}

async function get(
  source: SchemaSource,
  etag: string | undefined,
  { signal }: SyncRun,
  { clock, estate, source: read }: SyncDeps,
): Promise<Fetched | undefined> {
  if (source.file !== undefined) return { bytes: await read(source.file), etag: undefined };
  return fetchSchema(source, etag, { clock, allowed: estate.network.allow, signal });
}

const changesSince = (state: SchemasState, since: number): string[] =>
  Object.entries(state).flatMap(([name, versions]) =>
    versions
      .filter(({ at }) => at >= since)
      .map(
        ({ at, changes, more }) => `${name}, ${new Date(at).toISOString()}: ${differ(changes.length + more)}`,
      ),
  );
