import { inMarkdown as line } from '../markdown.ts';
import type { JobView } from '../ports/jobs.ts';
import type { IncidentView, TimelineEntry } from '../ports/incidents.ts';
import { iso } from '../time.ts';
import { shown } from './words.ts';

export interface Known {
  incident: IncidentView;
  timeline: readonly TimelineEntry[];
  /** Jobs that are named in it, as far as they are still known. */
  jobs: ReadonlyMap<string, JobView>;
  /** Name of the ledger, for the evidence. */
  origin: string;
}

/** The postmortem of an incident as Markdown: a function of what the ledger says, so that it can be made again. */
export function postmortemOf(known: Known): string {
  const { incident } = known;
  const { review } = incident;
  return [
    `# Postmortem: ${line(incident.title)}`,
    '',
    review === null
      ? `> Draft, made from the record. Review it: \`reeve incidents review ${incident.id} --summary "…" --action "… @owner"\``
      : `> Reviewed by ${line(review.by)} on ${iso(review.at)}.`,
    '',
    '## Summary',
    '',
    review === null ? summaryOf(incident) : paragraphs(review.summary),
    '',
    '## Impact',
    '',
    ...impactOf(incident),
    '',
    '## Times',
    '',
    '| | when (UTC) | after it began |',
    '|---|---|---|',
    ...timesOf(incident),
    '',
    '## What healed it',
    '',
    ...healedBy(incident),
    '',
    '## What contributed',
    '',
    ...contributed(known),
    '',
    '## Actions',
    '',
    ...actionsOf(incident),
    '',
    '## Timeline',
    '',
    '| when (UTC) | after | what | who | record |',
    '|---|--:|---|---|--:|',
    ...known.timeline.map(
      ({ at, text, by, seq }) =>
        `| ${iso(at)} | ${shown(at - incident.began)} | ${line(text, 600)} | ${line(by ?? '')} | ${seq} |`,
    ),
    '',
    '## Evidence',
    '',
    `Ledger \`${line(known.origin)}\`, records ${evidence(known.timeline)}. \`reeve ledger verify\` proves that nothing of it was changed.`,
    '',
  ].join('\n');
}

/** A person's text keeps its paragraphs, and nothing of it is markup. */
const paragraphs = (text: string): string =>
  text
    .split(/\n\s*\n/)
    .map((part) => line(part, 4000).trim())
    .filter((part) => part !== '')
    .join('\n\n');

function summaryOf({ title, project, env, text, resolution, ended, began }: IncidentView): string {
  const length = ended === null ? 'It goes on.' : `It lasted ${shown(ended - began)}.`;
  const why = text === '' ? '' : ` Seen: ${line(text, 1000)}`;
  const over = resolution === '' ? '' : ` It ended: ${line(resolution, 1000)}`;
  return `${line(title)} (${project}/${env}). ${length}${why}${over}`;
}

function impactOf({ severity, project, env, probe, began, ended, reopened }: IncidentView): string[] {
  return [
    `- Severity: ${severity}`,
    `- Where: ${project}/${env}${probe === undefined ? '' : `, seen by the probe \`${probe}\``}`,
    `- Duration: ${ended === null ? 'not over' : shown(ended - began)}`,
    ...(reopened === 0
      ? []
      : [`- It came back ${reopened === 1 ? 'once' : `${reopened} times`} shortly after it was resolved`]),
  ];
}

function timesOf(incident: IncidentView): string[] {
  const { began, opened_at, acknowledged_at, acknowledged_by, ended, resolved_at } = incident;
  const row = (what: string, at: number | null, none: string): string =>
    at === null
      ? `| ${what} | ${none} | |`
      : `| ${what} | ${iso(at)} | ${at <= began ? '0' : shown(at - began)} |`;
  const by = acknowledged_by === null ? '' : ` by ${line(acknowledged_by)}`;
  return [
    row('Began', began, ''),
    row('Detected', opened_at, ''),
    row(`Acknowledged${by}`, acknowledged_at, 'by nobody'),
    row('Recovered', ended, 'not yet'),
    row('Resolved', resolved_at, 'not yet'),
  ];
}

function healedBy({ heals, healing, resolved_by, resolution }: IncidentView): string[] {
  const lines = heals.map(({ rule, n, at, job, outcome, rolled_back, why, rollback }) => {
    const undone = {
      no: '',
      done: `, rolled back${rollback === null ? '' : ` by \`${rollback}\``}`,
      failed: ', and **rolling it back failed**',
    }[rolled_back ?? 'no'];
    return `- ${iso(at)} heal ${n} by \`${rule}\`${job === null ? '' : ` (\`${job}\`)`}: **${outcome ?? 'under way'}**${undone}. ${line(why)}`;
  });
  if (healing !== null && !['run', 'recovered'].includes(healing.decision))
    lines.push(`- \`${healing.rule}\` did not act in the end: ${line(healing.why)}`);
  if (lines.length > 0) return lines;
  if (resolved_by === null) return ['Nothing yet.'];
  return [
    resolved_by === 'daemon'
      ? `No healing rule acted. ${line(resolution)}.`
      : `No healing rule acted. ${line(resolved_by)}: ${line(resolution)}`,
  ];
}

function contributed({ incident: { links, job }, jobs }: Known): string[] {
  const named = (id: string): string => {
    const found = jobs.get(id);
    if (found === undefined) return `\`${id}\``;
    const { spec, title, queued_at } = found;
    return `${line(title)} (\`${id}\`, ${spec.action} on ${spec.project}/${spec.env}, asked by ${line(spec.requested_by)} at ${iso(queued_at)}: ${line(spec.reason, 300)})`;
  };
  const words: Record<string, string> = {
    caused_by: 'Caused by',
    fixed_by: 'Fixed by',
    heal: 'Healed by',
    related: 'Related:',
  };
  const lines = [
    ...(job === undefined ? [] : [`- It is about ${named(job)}`]),
    ...links.map(({ kind, job: one, incident }) =>
      one === undefined
        ? `- ${words[kind] ?? kind} incident \`${incident ?? ''}\``
        : `- ${words[kind] ?? kind} ${named(one)}`,
    ),
  ];
  return lines.length > 0
    ? lines
    : ['Nothing was linked. If a deployment caused it: `reeve incidents link ID --job JOB --as caused-by`.'];
}

function actionsOf({ review }: IncidentView): string[] {
  if (review === null) return ['- [ ] To be agreed in the review.'];
  if (review.actions.length === 0) return ['None.'];
  return review.actions.map(
    ({ text, owner }) => `- [ ] ${line(text)} (${owner === '' ? 'nobody yet' : `owner: ${line(owner)}`})`,
  );
}

/** `12, 14–19, 30`. */
function evidence(timeline: readonly TimelineEntry[]): string {
  const ranges: [number, number][] = [];
  for (const { seq } of timeline) {
    const last = ranges.at(-1);
    if (last !== undefined && seq <= last[1] + 1) last[1] = Math.max(last[1], seq);
    else ranges.push([seq, seq]);
  }
  return ranges.map(([a, b]) => (a === b ? String(a) : `${a}–${b}`)).join(', ') || 'none';
}
