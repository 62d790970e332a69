import type { Severity } from '../../../contracts/watch.ts';
import type { OpenIncident } from '../../ports/incidents.ts';
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

export function captureBody({
  text,
  context,
  by,
  via,
}: {
  text: string;
  context: string;
  by: string;
  via: string;
}): string {
  return [
    quote(text),
    ...(context === '' ? [] : ['**Said before**', quote(context)]),
    `📌 Captured by ${by} (${via}) with Reeve. A draft: nobody has looked at it yet.`,
  ].join('\n\n');
}

/** What somebody wrote is shown as such, whatever Markdown it would be: no heading, image, link or mention of its own. */
function quote(text: string): string {
  const lines = block(text, 7000).split('\n');
  return lines.map((line) => `> ${line.replace(/[\\`*_{}[\]<>()#+!|~@]/g, String.raw`\$&`)}`).join('\n');
}
