import { z } from 'zod';
import { day } from '../../calendar.ts';
import { canonical } from '../../canonical.ts';
import { digestOf } from '../../digest.ts';
import { inMarkdown } from '../../markdown.ts';
import { oneLine } from '../../text.ts';
import type { Todo } from './scan.ts';

export type Aged = Todo & {
  /** When its line was written, ms; null when it is not committed, or not known. */
  since: number | null;
  /** Git did not tell in time. */
  unknown?: true;
};

const Report = z.object({
  digest: z.string(),
  project: z.string().nullable(),
  todos: z.array(
    z
      .object({
        id: z.string(),
        owner: z.string(),
        team: z.string(),
        text: z.string(),
        file: z.string(),
        since: z.number().nullable(),
      })
      .loose(),
  ),
});
export type Known = Pick<Todo, 'id' | 'owner' | 'team' | 'text'>;
/** As an earlier report had it. */
export type Reported = Known & Pick<Aged, 'file' | 'since'>;

/** The report for programs. `digest` is over the rest of it, so that it can be told whether somebody has changed it. */
export function todosJson(project: string | undefined, todos: readonly Aged[]): string {
  const rest = { project: project ?? null, todos };
  return `${JSON.stringify({ digest: digestOf(Buffer.from(canonical(rest as never))), ...rest }, null, 2)}\n`;
}

/** What an earlier report held; undefined when it is none, or not as it was written. */
export function readTodos(text: string): Reported[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const parsed = Report.safeParse(value);
  if (!parsed.success) return undefined;
  const { digest, ...rest } = value as Record<string, unknown>;
  return digest === digestOf(Buffer.from(canonical(rest as never))) ? parsed.data.todos : undefined;
}

interface Said {
  timezone: string;
  project: string | undefined;
  clean(text: string): string;
  skipped: number;
  cut: boolean;
}

/** The report for people: by owner, the oldest first. Changes only when a TODO does. */
export function todosMarkdown(
  todos: readonly Aged[],
  { timezone, project, clean, skipped, cut }: Said,
): string {
  const say = (text: string, max: number): string => inMarkdown(oneLine(clean(text), max));
  const owners = [...Map.groupBy(todos, ({ owner, team }) => `${owner}@${team}`)].toSorted(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const age = ({ since, unknown }: Aged): string =>
    since !== null ? `since ${day(since, timezone)}` : unknown === true ? 'age not known' : 'not committed';
  const row = (one: Aged): string[] => {
    const { id, text, file, line, context } = one;
    return [
      `- [ ] ${say(text === '' ? '(no words)' : text, 400)}`,
      `  (${say(file, 300)}:${line}, ${age(one)}, \`${id}\`)`,
      '',
      ...context.map((each) => `      ${oneLine(clean(each), 160)}`.trimEnd()),
      '',
    ];
  };
  const unknown = todos.filter((one) => one.unknown === true).length;
  return [
    `## TODOs with an owner${project === undefined ? '' : ` (${project})`}`,
    '',
    `${todos.length} open, of ${owners.length} ${owners.length === 1 ? 'owner' : 'owners'}.${skipped === 0 ? '' : ` ${skipped} tracked files are no text, or too large.`}${cut ? ' There are more than a report holds.' : ''}${unknown === 0 ? '' : ` Of ${unknown} Git did not tell the age in time; the next run begins with those.`}`,
    '',
    ...owners.flatMap(([owner, mine]) => [
      `### ${say(owner, 140)}`,
      '',
      ...mine.toSorted((a, b) => (a.since ?? Infinity) - (b.since ?? Infinity)).flatMap(row),
    ]),
  ]
    .join('\n')
    .trimEnd();
}
