import { stamp } from '../../calendar.ts';
import { inMarkdown } from '../../markdown.ts';
import { oneLine } from '../../text.ts';
import type { DayLog, Entry, Kept, Step } from './entries.ts';

const MAX_TEXT = 300;
/** Outputs of a job that are shown, and characters of each. */
const MAX_OUTPUTS = 6;
const MAX_OUTPUT = 120;

interface Words {
  timezone: string;
  /** Hides what is secret. Before escaping, which would hide it from this. */
  clean(text: string): string;
}

/** Whether there is anything to say of the day. */
export const isQuiet = ({ changed, failed, incidents, decisions, routine }: DayLog): boolean =>
  [changed, failed, incidents, decisions].every(({ items }) => items.length === 0) && routine.size === 0;

/** The section of one day, without its heading. Every text is cleaned, on one line, and cannot become markup. */
export function dayMarkdown(day: DayLog, words: Words): string {
  const line = (entry: Entry): string[] => entryLines(entry, words);
  const routine = [...day.routine].toSorted(([a], [b]) => (a < b ? -1 : 1));
  return [
    ...list('What changed, and why', day.changed, line, 'Nothing.'),
    ...(routine.length === 0
      ? []
      : [
          `By schedule, passed: ${routine.map(([runbook, n]) => (n === 1 ? runbook : `${runbook} (${n})`)).join(', ')}.`,
          '',
        ]),
    ...list('What did not pass', day.failed, line),
    ...list('Incidents', day.incidents, line),
    ...list('Decisions', day.decisions, line, 'None.'),
    ...list('Blockers', plain(day.blockers), (text) => [`- ${say(text, words)}`], 'None.'),
    ...list('Next steps', plain(day.next), (one) => [`- [ ] ${stepText(one, words)}`], 'None.'),
  ]
    .join('\n')
    .trimEnd();
}

/** The day in a few lines, what is wrong first. */
export function dayHeadline(day: DayLog, words: Words): string {
  const some = ({ items, more }: Kept<unknown>, word: string, words_: string): string => {
    const count = items.length + more;
    return `${count} ${count === 1 ? word : words_}`;
  };
  const routine = [...day.routine.values()].reduce((sum, n) => sum + n, 0);
  const names = (lines: readonly string[]): string =>
    lines
      .slice(0, 5)
      .map((line) => `\n- ${line}`)
      .join('') + (lines.length > 5 ? `\n- and ${lines.length - 5} more` : '');
  const said = (texts: readonly string[]): string[] => texts.map((text) => say(text, words));
  return [
    ...(day.blockers.length === 0
      ? []
      : [`**Blockers** (${day.blockers.length}):${names(said(day.blockers))}`]),
    ...(day.failed.items.length === 0
      ? []
      : [
          `**Did not pass** (${day.failed.items.length + day.failed.more}):${names(said(day.failed.items.map(({ what }) => what)))}`,
        ]),
    `${some(day.changed, 'change', 'changes')}, ${some(day.decisions, 'decision', 'decisions')}, ${some(day.incidents, 'line of incidents', 'lines of incidents')}, ${routine} scheduled ${routine === 1 ? 'run' : 'runs'} passed.`,
    ...(day.next.length === 0
      ? []
      : [`**Next** (${day.next.length}):${names(day.next.map((one) => stepText(one, words)))}`]),
  ].join('\n');
}

const say = (text: string, { clean }: Words): string => inMarkdown(oneLine(clean(text), MAX_TEXT));
const stepText = ({ text, command }: Step, words: Words): string =>
  `${say(text, words)}${command === undefined ? '' : `: \`${command}\``}`;
const plain = <T>(items: readonly T[]): Kept<T> => ({
  items: items.slice(0, 100),
  more: Math.max(0, items.length - 100),
});

function list<T>(
  heading: string,
  { items, more }: Kept<T>,
  line: (item: T) => string[],
  none?: string,
): string[] {
  if (items.length === 0) return none === undefined ? [] : [`### ${heading}`, '', none, ''];
  return [
    `### ${heading}`,
    '',
    ...items.flatMap(line),
    ...(more === 0 ? [] : [`- … and ${more} more; \`reeve events export\` has them.`]),
    '',
  ];
}

function entryLines(entry: Entry, words: Words): string[] {
  const time = stamp(entry.at, words.timezone).slice(11);
  const by = entry.by === undefined ? '' : `, ${say(entry.by, words)}`;
  const why = (entry.why ?? '').trim() === '' ? '' : `. Why: ${say(entry.why ?? '', words)}`;
  const ref = entry.ref === undefined ? '' : ` (\`${entry.ref}\`)`;
  const outputs = Object.entries(entry.outputs ?? {});
  return [
    `- ${time}${by}: ${say(entry.what, words)}${why}${ref}`,
    ...outputs
      .slice(0, MAX_OUTPUTS)
      .map(
        ([name, value]) =>
          `  - ${say(name, words)} = ${inMarkdown(oneLine(words.clean(shown(value)), MAX_OUTPUT))}`,
      ),
    ...(outputs.length > MAX_OUTPUTS ? [`  - … and ${outputs.length - MAX_OUTPUTS} more outputs`] : []),
  ];
}

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
