import { plural } from '../../../contracts/units.ts';
import { inMarkdown } from '../../markdown.ts';
import type {
  DoraView,
  DrillTrend,
  IncidentWeek,
  ScheduleWeek,
  Trend,
  WeeklyReport,
} from '../../ports/practice.ts';
import { day, stamp } from '../../calendar.ts';
import { budgetLeft, percent, words } from '../../figures.ts';
import { headlines } from './headline.ts';

const time = (ms: number | null): string => (ms === null ? '–' : words(ms));
const place = ({ project, env }: { project: string | null; env: string | null }): string =>
  project === null ? '–' : env === null ? project : `${project}/${env}`;

/** A section that says so when it has nothing to say. */
function section(
  heading: string,
  head: string,
  align: string,
  rows: readonly string[],
  none: string,
): string[] {
  return [`## ${heading}`, '', ...(rows.length === 0 ? [none] : [head, align, ...rows]), ''];
}

export const titleOf = ({ estate, project, from, to, timezone }: WeeklyReport): string =>
  `${project ?? estate}: week of ${day(from, timezone)} to ${day(to - 1, timezone)}`;

/** The week for people. The headlines come first: who reads no further knows what to do. */
export function weeklyMarkdown(report: WeeklyReport): string {
  const { timezone, from, to, made, incomplete } = report;
  const lines = [
    `# ${titleOf(report)}`,
    '',
    ...headlines(report).map((line) => `- ${line}`),
    '',
    ...section(
      'Objectives',
      '| objective | where | goal | this week | window so far | budget left | state |',
      '| --- | --- | --: | --: | --: | --: | --- |',
      report.slos.map(sloRow),
      'No objectives are set (`slos` in reeve.yaml).',
    ),
    ...section(
      'Deployments',
      '| where | deployed | did not pass | lead time | failed | failure rate | recovery | time to restore |',
      '| --- | --: | --: | --: | --: | --: | --: | --: |',
      report.dora.map(doraRow),
      'There is no place to deploy to.',
    ),
    ...doraNote(report.dora),
    ...section(
      'Restore drills',
      '| drill | where | this week | last | RPO | RTO | direction |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      report.drills.map((drill) => drillRow(drill, timezone)),
      'No drill has run: nobody knows whether a backup can be restored.',
    ),
    ...section(
      'Incidents',
      '| incident | where | began | noticed after | acknowledged after | lasted | cause | reviewed |',
      '| --- | --- | --- | --: | --: | --: | --- | --- |',
      report.incidents.map((incident) => incidentRow(incident, timezone)),
      'None.',
    ),
    ...healNote(report),
    ...section(
      'Schedules',
      '| schedule | where | passed last | missed this week | |',
      '| --- | --- | --- | --: | --- |',
      report.schedules.map((row) => scheduleRow(row, timezone)),
      'Nothing is scheduled.',
    ),
    '## Alerts',
    '',
    `${plural(report.alerts.page, 'page')}, ${plural(report.alerts.warn, 'warning')} and ${plural(report.alerts.info, 'notice')} were raised.${messages(report)}`,
    ...openAlerts(report),
    '',
    '---',
    '',
    `From ${stamp(from, timezone)} to ${stamp(to, timezone)} (${timezone}). Objectives and schedules as of ${stamp(made, timezone)}. Times are medians unless they are of one thing.`,
    ...(incomplete.length === 0
      ? []
      : ['', `Incomplete: ${incomplete.join(', ')} of the beginning of this week stand in the ledger only.`]),
    '',
  ];
  return lines.join('\n');
}

function sloRow({ slo, week }: WeeklyReport['slos'][number]): string {
  const share = ({ good, bad }: { good: number; bad: number }): string =>
    good + bad === 0 ? '–' : percent(good / (good + bad), 3);
  return `| ${inMarkdown(slo.title ?? slo.name, 100)} | ${place(slo)} | ${slo.objective} % | ${week === null ? '–' : share(week)} | ${share(slo)} | ${budgetLeft(slo.budget_left)} | ${slo.state} |`;
}

function doraRow(view: DoraView): string {
  const rate = view.change_failure_rate === null ? '–' : percent(view.change_failure_rate);
  const lead = view.lead.count === 0 && view.lead.unknown > 0 ? 'unknown' : time(view.lead.median);
  const open = view.recovery.open === 0 ? '' : ` (${view.recovery.open} not recovered)`;
  return `| ${place(view)} | ${view.deployments} | ${view.not_passed} | ${lead} | ${view.failed.length} | ${rate} | ${time(view.recovery.median)}${open} | ${time(view.restore.median)} |`;
}

function doraNote(all: readonly DoraView[]): string[] {
  const unknown = all.reduce((sum, { lead }) => sum + lead.unknown, 0);
  return unknown === 0
    ? []
    : [
        `No commit is known of ${plural(unknown, 'deployment')}, so ${unknown === 1 ? 'its' : 'their'} lead time is not, either.`,
        '',
      ];
}

const ARROWS: Record<Trend, string> = {
  better: 'better',
  steady: 'steady',
  worse: '**worse**',
  unknown: 'too few to tell',
};

function drillRow(drill: DrillTrend, timezone: string): string {
  const figure = (got: number | null, goal: number | null): string =>
    got === null
      ? 'not measured'
      : goal === null
        ? words(got)
        : `${words(got)} ${got > goal ? '**>**' : '≤'} ${words(goal)}`;
  const week = drill.runs === 0 ? 'did not run' : `${drill.passed} of ${drill.runs} passed`;
  const verdict = drill.last.verdict === 'PASS' ? 'PASS' : `**${drill.last.verdict}**`;
  const direction =
    drill.rpo_trend === drill.rto_trend
      ? ARROWS[drill.rpo_trend]
      : `RPO ${ARROWS[drill.rpo_trend]}, RTO ${ARROWS[drill.rto_trend]}`;
  return `| ${drill.drill} | ${place(drill)} | ${week} | ${verdict} ${stamp(drill.last.at, timezone)} | ${figure(drill.rpo_ms, drill.objective_rpo_ms)} | ${figure(drill.rto_ms, drill.objective_rto_ms)} | ${direction} |`;
}

function incidentRow(incident: IncidentWeek, timezone: string): string {
  const { title, began, opened, acknowledged, ended, causes } = incident;
  const noticed = opened - began < 1000 ? 'at once' : words(opened - began);
  const taken = acknowledged === null ? '–' : words(Math.max(0, acknowledged - opened));
  const cause = causes.length === 0 ? 'not linked' : causes.map((job) => `\`${job.slice(0, 12)}\``).join(' ');
  return `| ${inMarkdown(title, 100)} (${incident.severity}) | ${place(incident)} | ${stamp(began, timezone)} | ${noticed} | ${taken} | ${ended === null ? '**goes on**' : words(ended - began)} | ${cause} | ${incident.reviewed ? 'yes' : 'no'} |`;
}

function healNote({ heals: { healed, failed, unknown } }: WeeklyReport): string[] {
  const parts = [
    ...(healed === 0 ? [] : [`${healed} worked`]),
    ...(failed === 0 ? [] : [`${failed} did not`]),
    ...(unknown === 0 ? [] : [`of ${unknown} nobody knows`]),
  ];
  return parts.length === 0 ? [] : [`Heals: ${parts.join(', ')}.`, ''];
}

function scheduleRow(row: ScheduleWeek, timezone: string): string {
  const note = row.paused
    ? 'paused'
    : row.too_old
      ? `**too long ago** (at most ${time(row.max_age)})`
      : row.why === null
        ? ''
        : inMarkdown(row.why, 120);
  return `| ${row.name} | ${place(row)} | ${row.passed === null ? 'never' : stamp(row.passed, timezone)} | ${row.missed} | ${note} |`;
}

const messages = ({ messages: of }: WeeklyReport): string =>
  of === null
    ? ''
    : ` ${plural(of.sent, 'message')} reached a channel, ${of.given_up} ${of.given_up === 1 ? 'was' : 'were'} given up.`;

function openAlerts({ alerts: { open }, timezone }: WeeklyReport): string[] {
  if (open.length === 0) return [];
  return [
    '',
    `Open at its end (${open.length}):`,
    '',
    ...open
      .slice(-20)
      .map(({ key, severity, at }) => `- \`${key}\` (${severity}) since ${stamp(at, timezone)}`),
  ];
}
