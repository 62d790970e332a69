import type { Severity } from '../../../contracts/watch.ts';
import type { OpenIncident } from '../../ports/incidents.ts';
import type { LinearTodoTold } from '../../ports/linear.ts';
import { iso } from '../../time.ts';
import { block, oneLine } from '../../text.ts';

/** Linear: 1 urgent, 2 high, 4 low. */
export const priorityOf = (severity: Severity): number => ({ page: 1, warn: 2, info: 4 })[severity];
export const severityOf = (priority: number): Severity =>
  priority === 1 ? 'page' : priority === 2 || priority === 3 ? 'warn' : 'info';

export const titleOf = (text: string): string => oneLine(text, 200) || 'Untitled';

export function incidentBody(incident: OpenIncident & { id: string }): string {
  const { id, severity, project, env, began, by, text, probe, job } = incident;
  const facts = [
    `Incident \`${id}\` of Reeve`,
    `${severity}, ${project}/${env}`,
    `began ${iso(began)}`,
    `opened by ${by}`,
    ...(probe === undefined ? [] : [`probe ${probe}`]),
    ...(job === undefined ? [] : [`job \`${job}\``]),
  ];
  return [
    quote(text),
    facts.join(' · '),
    `\`reeve incidents show ${id.slice(0, 12)}\`. A comment here becomes a note there; who is assigned has taken it on; a completed issue resolves it.`,
  ].join('\n\n');
}

export const actionBody = (incident: string, { by, owner }: { by: string; owner: string }): string =>
  `Action of the postmortem of \`${incident}\`, reviewed by ${by}${owner === '' ? '' : `; owner: ${oneLine(owner, 80)}`}.\n\n\`reeve incidents postmortem ${incident.slice(0, 12)}\``;

export const noteBody = (by: string, text: string): string => `${quote(text)}\n\n— ${by}, in Reeve`;

/** Where a TODO stands, by whom and since when, and what is around it. */
export function todoBody({ todo, context, written, url }: LinearTodoTold): string {
  const { owner, team, text, file, line } = todo;
  const place = inCode(`${file}:${line}`);
  const facts = [
    url === undefined ? place : `[${place}](${url})`,
    `owner ${inCode(`${owner}@${team}`)}`,
    ...(written === undefined
      ? []
      : [
          `written ${iso(written.at).slice(0, 10)} by ${written.by === '' ? 'somebody without a name' : inCode(written.by)} in ${inCode(written.commit.slice(0, 12))}`,
        ]),
  ];
  return [
    quote(text),
    facts.join(' · '),
    fenced(context),
    'A TODO in a file, found by Reeve. This text follows the file until somebody changes it here; the issue is yours from the start.',
  ].join('\n\n');
}

export const todoGone = ({ todo: { file, line } }: LinearTodoTold): string =>
  `The TODO is no more in ${inCode(`${file}:${line}`)}, nor elsewhere. If it is done, this can be closed; Reeve leaves that to you.`;

export const todoBack = ({ todo: { file, line } }: LinearTodoTold): string =>
  `The TODO is back, in ${inCode(`${file}:${line}`)}.`;

/** In a code span, whatever it says. */
export const inCode = (text: string): string => `\`${oneLine(text, 300).replaceAll('`', "'")}\``;

/** In a fence that is longer than any inside. */
function fenced(lines: readonly string[]): string {
  const text = block(lines.join('\n'), 2000);
  const longest = Math.max(2, ...[...text.matchAll(/`{3,}/g)].map(([run]) => run.length));
  const mark = '`'.repeat(longest + 1);
  return `${mark}\n${text}\n${mark}`;
}

/** What somebody wrote is shown as such, whatever Markdown it would be: no heading, image, link or mention of its own. */
export function quote(text: string, max = 7000): string {
  const lines = block(text, max).split('\n');
  return lines.map((line) => `> ${plain(line)}`).join('\n');
}

/** One line of text, as it is; `-` and `=` below a line would make a heading of it. */
export const plain = (line: string): string =>
  line.replace(/[\\`*_{}[\]<>()#+!|~@&]|^\s*[-=]/g, (found) => found.replace(/\S$/, String.raw`\$&`));
