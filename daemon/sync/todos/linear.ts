import { inMarkdown } from '../../markdown.ts';
import { own } from '../../own.ts';
import type { LinearTodoIssue, LinearTodoTold } from '../../ports/linear.ts';
import { oneLine, whole } from '../../text.ts';
import type { SyncDeps, SyncRun } from '../sync.ts';
import type { Written } from './blame.ts';
import { match } from './match.ts';
import type { Aged } from './report.ts';

export interface Ask {
  found: readonly (Aged & { written: Written | undefined })[];
  /** There were more than were read: what is gone cannot be told. */
  cut: boolean;
  /** Whether what a file holds was looked at. */
  isMine(file: string): boolean;
  /** Where people see a line of a commit. */
  urlOf(file: string, line: number, commit: string): string | undefined;
}

export interface Told {
  /** Made, changed, told that they are gone or back. */
  counts: { issues: number; revised: number; gone: number; back: number; left: number };
  conflicts: string[];
  /** For people, one line each. */
  lines: string[];
}

type Step = {
  what: LinearTodoTold['what'];
  todo: Ask['found'][number] | undefined;
  issue: LinearTodoIssue | undefined;
};

/**
 * Has each TODO told to its issue. Nothing is told that the issue knows. At most `max` a run, what is there already before
 * what is new; the rest is for the next run. Nothing is closed: that is for who works on it.
 */
export async function tellLinear(ask: Ask, run: SyncRun, { estate, linear, clean }: SyncDeps): Promise<Told> {
  const told: Told = {
    counts: { issues: 0, revised: 0, gone: 0, back: 0, left: 0 },
    conflicts: [],
    lines: [],
  };
  const spec = estate.sync.todos.linear;
  if (spec === undefined) return told;
  // Words are told and remembered without what is secret in them.
  const found = ask.found.map((one) => ({ ...one, text: whole(clean(one.text), 500) }));
  const tracked = await linear.todos();
  const { same, changed, fresh, gone } = match(found, tracked, ask.isMine);
  const all: Step[] = [
    ...same.filter(({ issue }) => issue.gone).map((one) => ({ what: 'back' as const, ...one })),
    // What is back with other words is back first, and told of its words by the next run.
    ...changed
      .filter(({ issue }) => issue.gone)
      .map(({ todo, issue }) => ({ what: 'back' as const, todo: { ...todo, ...wordsOf(issue) }, issue })),
    ...changed.filter(({ issue }) => !issue.gone).map((one) => ({ what: 'changed' as const, ...one })),
    ...(ask.cut ? [] : gone.map((issue) => ({ what: 'gone' as const, todo: undefined, issue }))),
    ...fresh.map((todo) => ({ what: 'new' as const, todo, issue: undefined })),
  ];
  const steps = all.filter(({ todo }) => todo?.since !== null);
  for (const { what, todo, issue } of steps.slice(0, spec.max)) {
    run.signal.throwIfAborted();
    const at = todo ?? issue;
    if (at === undefined) continue;
    const { owner, team, text, file, line } = at;
    if (!run.dryRun)
      await linear.tellTodo({
        issue: issue?.issue,
        what,
        todo: { owner, team, text, file, line },
        context: todo?.context.map((one) => clean(one)) ?? [],
        written: todo?.written,
        url: todo?.written === undefined ? undefined : ask.urlOf(file, line, todo.written.commit),
        labels: spec.labels,
        team: own(spec.teams, team),
      });
    const name = { new: 'issues', changed: 'revised', gone: 'gone', back: 'back' } as const;
    told.counts[name[what]] += 1;
    told.lines.push(
      `${what}: ${issue?.identifier ?? 'an issue'} for ${file}:${line}, ${owner}@${team}: ${text}`,
    );
  }
  const left = steps.slice(spec.max);
  told.counts.left = left.length;
  const held = all.flatMap(({ todo }) => (todo?.since === null ? [todo] : []));
  const unknown = held.filter((one) => one.unknown === true).length;
  const waits = held.length - unknown;
  if (left.length > 0)
    told.lines.push(`${left.length} more are for the next runs: sync.todos.linear.max is ${spec.max}`);
  if (waits > 0) told.lines.push(`${waits} are not committed yet, and wait until they are`);
  if (unknown > 0) told.lines.push(`${unknown} wait for a run in which Git tells who wrote them and when`);
  // Of a TODO that is gone nothing is to be put right any more.
  const here = tracked.filter(({ file, gone: isGone }) => !isGone && ask.isMine(file));
  told.conflicts = here.flatMap(({ conflict, identifier, issue, file, line }) =>
    conflict === null ? [] : [`${identifier ?? issue} (${file}:${line}): ${conflict}`],
  );
  const would = run.dryRun ? 'would be told to Linear: ' : 'Linear: ';
  for (const one of told.lines) await run.log(`${would}${oneLine(one, 400)}\n`);
  return told;
}

const wordsOf = ({ owner, team, text }: LinearTodoIssue) => ({ owner, team, text });

/** A few words of it for a channel. */
export function linearLine({ counts: { issues, revised, gone, back, left }, conflicts }: Told): string[] {
  if (issues + revised + gone + back + left === 0 && conflicts.length === 0) return [];
  return [
    `Linear: ${issues} new, ${revised} changed, ${gone} gone, ${back} back${left === 0 ? '' : `, ${left} left for the next runs`}.`,
    ...conflicts.slice(0, 5).map((one) => `- ${inMarkdown(oneLine(one, 200))}`),
  ];
}
