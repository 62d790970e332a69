import path from 'node:path';
import { day } from '../../calendar.ts';
import { digestOf } from '../../digest.ts';
import { inMarkdown } from '../../markdown.ts';
import { own } from '../../own.ts';
import { oneLine } from '../../text.ts';
import { place } from '../sections.ts';
import { sinceOf } from '../since.ts';
import { fileLine, type SyncDeps, type SyncJob, type SyncResult, type SyncRun } from '../sync.ts';
import { ages, type Written } from './blame.ts';
import { harvest, type Harvest } from './harvest.ts';
import { linearLine, tellLinear } from './linear.ts';
import { readTodos, todosJson, todosMarkdown, type Aged, type Known, type Reported } from './report.ts';
import { withIds, type Todo } from './scan.ts';

const HEADER = `# TODOs

Every \`TODO\` of the project that names its owner and team. Written by \`reeve sync todos\`; what stands outside the marked
section is yours and stays.
`;

/** What people left to be done in the files, with whom and since when. */
export const todos: SyncJob = {
  name: 'todos',
  summary: 'TODOs with an owner, out of the files that Git tracks',
  runbook: 'todos',
  run: writeTodos,
};

async function writeTodos(run: SyncRun, deps: SyncDeps): Promise<SyncResult> {
  const [page = '', data = ''] = run.files;
  const { estate, clean, clock } = deps;
  const { timezone } = estate.estate;
  const since = sinceOf(run, timezone, 'sync todos');
  const [pageBefore, dataBefore] = [await deps.read(page), await deps.read(data)];
  const known = dataBefore === undefined ? [] : readTodos(dataBefore);
  const found = await collect(run, deps, known ?? []);
  const all =
    since === undefined ? found.todos : found.todos.filter((one) => (one.since ?? Infinity) >= since);
  const cleaned = all.map((one) => ({
    ...one,
    text: clean(one.text),
    context: one.context.map((line) => clean(line)),
  }));
  const conflicts: string[] = [];
  const text = todosMarkdown(all, { ...found, timezone, project: run.project, clean });
  const json = todosJson(run.project, cleaned);
  const counts = { open: all.length, new: 0, done: 0, written: 0, conflicts: 0 };
  // What is older than `--since` is left out, and not done.
  const ids = new Set(found.todos.map(({ id }) => id));
  const before = new Set((known ?? []).map(({ id }) => id));
  const fresh = all.filter(({ id }) => !before.has(id));
  const done = (known ?? []).filter(({ id }) => !ids.has(id));
  counts.new = fresh.length;
  counts.done = done.length;
  // A look at a part says nothing of the rest: it is shown, and no file is made of it.
  const keep = run.dryRun || since !== undefined;

  const placed = place(pageBefore ?? HEADER, { kind: 'todos', key: run.project ?? 'estate', text });
  if (placed.outcome === 'conflict') conflicts.push(`${page}: ${placed.why}`);
  else if (placed.outcome === 'written' && !keep) {
    await deps.write(page, placed.text, pageBefore);
    counts.written += 1;
  }
  if (known === undefined)
    conflicts.push(`${data}: it is not what was written; move it away to have it written anew`);
  else if (json !== dataBefore && !keep) {
    await deps.write(data, json, dataBefore);
    counts.written += 1;
  }
  // A look at a part says nothing of the rest.
  const told = since === undefined ? await tellLinear(linearAsk(found, deps), run, deps) : undefined;
  conflicts.push(...(told?.conflicts ?? []));
  counts.conflicts = conflicts.length;
  const spoken = deps.estate.sync.todos.linear === undefined ? {} : told?.counts;
  await run.log(`${counts.open} open, ${counts.new} new, ${counts.done} done\n`);
  const unknown = all.filter((one) => one.unknown === true).length;
  if (unknown > 0)
    await run.log(`of ${unknown} Git did not tell the age in time; the next run begins with those\n`);
  for (const conflict of conflicts) await run.log(`left as it is: ${conflict}\n`);
  if (!keep) await run.advance(digestOf(Buffer.from(json)), { ...counts, ...spoken }, conflicts);
  return {
    title: `${run.project ?? estate.estate.title ?? estate.estate.name}: TODOs of ${day(clock.now(), timezone)}`,
    headline: [
      headline(all, fresh, done, conflicts, deps),
      ...(told === undefined ? [] : linearLine({ ...told, conflicts: [] })),
    ].join('\n'),
    counts: { ...counts, ...spoken },
    // Of a part no file is made.
    changes:
      since === undefined
        ? [
            fileLine(page, placed.outcome, run.dryRun),
            fileLine(
              data,
              known === undefined ? 'conflict' : json === dataBefore ? 'unchanged' : 'written',
              run.dryRun,
            ),
          ]
        : [],
    conflicts,
    document: { name: 'todos.json', mediaType: 'application/json', text: json },
  };
}

/** What is to be told to Linear, with where people see a line: at GitHub, where a project has one repository there by name. */
function linearAsk(
  { todos: found, cut, written, folders }: Awaited<ReturnType<typeof collect>>,
  { estate }: SyncDeps,
): Parameters<typeof tellLinear>[0] {
  const repositories = Object.entries(estate.integrations.github?.repositories ?? {});
  const within = (file: string, folder: string): boolean =>
    folder === '.' || file === folder || file.startsWith(`${folder}/`);
  return {
    found: found.map((one) => ({ ...one, written: written.get(`${one.file}:${one.line}`) })),
    cut,
    isMine: (file) => folders.some((folder) => within(file, folder)),
    urlOf(file, line, commit) {
      const [project, spec] =
        Object.entries(estate.projects)
          .filter(([, { path: folder }]) => within(file, path.normalize(folder)))
          .toSorted(([, a], [, b]) => b.path.length - a.path.length)[0] ?? [];
      const named = repositories.filter(([name, of]) => of === project && name.includes('/'));
      const [only] = named[0] ?? [];
      if (spec === undefined || only === undefined || named.length > 1) return undefined;
      const below = path.relative(path.normalize(spec.path), file);
      return `https://github.com/${only}/blob/${commit}/${below.split('/').map(encodeURIComponent).join('/')}#L${line}`;
    },
  };
}

/** Of the project, or of every project; a folder that two of them share is looked at once. */
async function collect(
  run: SyncRun,
  { clock, estate, root }: SyncDeps,
  reported: readonly Reported[],
): Promise<Omit<Harvest, 'todos'> & { todos: Aged[]; written: Map<string, Written>; folders: string[] }> {
  const spec = run.project === undefined ? undefined : own(estate.projects, run.project);
  const folders = new Set(
    (spec === undefined ? Object.values(estate.projects) : [spec]).map((one) => path.normalize(one.path)),
  );
  const written = new Map<string, Written>();
  const whole = { todos: [] as Aged[], files: 0, skipped: 0, cut: false, written, folders: [...folders] };
  const seen = new Set<string>();
  const before = new Map(
    reported.flatMap(({ id, file, since }) => (since === null ? [] : [[`${id} ${file}`, since] as const])),
  );
  const ageBefore = ({ id, file }: Todo): number | undefined => before.get(`${id} ${file}`);
  for (const prefix of folders) {
    const folder = path.resolve(root, prefix);
    const where = { clock, folder, prefix, signal: run.signal };
    const part = await harvest({
      ...where,
      except: new Set(run.files),
      progress: (done, total) => run.log(`progress ${done}/${total}\n`),
    });
    const fresh = part.todos.filter(({ file, line }) => !seen.has(`${file}:${line}`));
    for (const { file, line } of fresh) seen.add(`${file}:${line}`);
    const known = await ages(fresh, { ...where, isKnown: (one) => ageBefore(one) !== undefined });
    for (const [at, how] of known.written) written.set(at, how);
    whole.todos.push(
      ...fresh.map((one): Aged => {
        const at = `${one.file}:${one.line}`;
        const since = known.written.get(at)?.at;
        if (since !== undefined || known.uncommitted.has(at)) return { ...one, since: since ?? null };
        const earlier = ageBefore(one);
        return earlier === undefined ? { ...one, since: null, unknown: true } : { ...one, since: earlier };
      }),
    );
    whole.files += part.files;
    whole.skipped += part.skipped;
    whole.cut ||= part.cut;
  }
  const ids = withIds(whole.todos);
  return { ...whole, todos: whole.todos.map((one, n) => ({ ...one, id: ids[n]?.id ?? one.id })) };
}

function headline(
  all: readonly Aged[],
  fresh: readonly Aged[],
  done: readonly Known[],
  conflicts: readonly string[],
  { clean, estate }: SyncDeps,
): string {
  const say = (text: string): string => inMarkdown(oneLine(clean(text), 160));
  const list = (what: string, items: readonly Known[]): string[] =>
    items.length === 0
      ? []
      : [
          `**${what}** (${items.length}):`,
          ...items.slice(0, 5).map(({ owner, team, text }) => `- ${say(`${owner}@${team}`)}: ${say(text)}`),
          ...(items.length > 5 ? [`- and ${items.length - 5} more`] : []),
        ];
  const oldest = all.reduce<Aged | undefined>(
    (a, b) => (b.since !== null && (a === undefined || b.since < (a.since ?? Infinity)) ? b : a),
    undefined,
  );
  return [
    ...conflicts.map((one) => `**Kept as people left it**: ${say(one)}`),
    `${all.length} open${oldest?.since == null ? '' : `, the oldest since ${day(oldest.since, estate.estate.timezone)}`}.`,
    ...list('New', fresh),
    ...list('Done', done),
  ].join('\n');
}
