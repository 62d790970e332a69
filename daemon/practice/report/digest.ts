import { plural } from '../../../contracts/units.ts';
import { stamp } from '../../calendar.ts';
import { words } from '../../figures.ts';
import { oneLine } from '../../text.ts';
import type { WeeklyReport } from '../../ports/practice.ts';

export interface DigestParts {
  period: 'day' | 'week';
  report: WeeklyReport;
  /** The same span of time before. */
  before: WeeklyReport | null;
  /** What happened, from the ledger, in a few lines; empty when nothing did. */
  happened: string;
  /** What waits for a person, one a line. */
  waiting: readonly string[];
  /** Sync jobs that left something as people had it. */
  conflicts: readonly { sync: string; project: string | null; count: number }[];
  /** Ascending. */
  drills: readonly { schedule: string; at: number }[];
}

const MAX_LINES = 8;

/** Whether there is nothing to tell but that. */
export const isQuiet = ({ report, happened, waiting, conflicts }: DigestParts): boolean =>
  happened === '' && waiting.length === 0 && conflicts.length === 0 && isSilent(report);

const isSilent = (report: WeeklyReport): boolean =>
  report.incidents.length === 0 &&
  deployed(report) + failed(report) === 0 &&
  report.drills.every(({ runs }) => runs === 0) &&
  raised(report) + report.alerts.open.length === 0;

/** As plain text, which each channel writes in its own way: what waits for somebody first, then what happened, then figures, then what comes. */
export function digestText(parts: DigestParts): string {
  const { period, report, waiting, happened, drills } = parts;
  const next = drills.slice(0, 3).map(({ schedule, at }) => `${schedule} ${stamp(at, report.timezone)}`);
  const comes =
    next.length === 0 ? 'No drill is scheduled.' : `Next drills: ${next.join(', ')} (${report.timezone}).`;
  const before = parts.before === null || isSilent(parts.before) ? [] : compared(parts);
  if (isQuiet(parts))
    return [`Nothing happened, and nothing waits for anybody. ${comes}`, ...before].join('\n\n');
  return [
    ...(waiting.length === 0 ? ['Nothing waits for anybody.'] : [bullets('Waits for a person', waiting)]),
    ...(happened === '' ? [] : [happened]),
    [
      ...deployments(report),
      ...report.drills.flatMap((drill) => (drill.runs === 0 ? [] : [drillLine(drill)])),
      ...incidents(report),
      ...alerts(report),
      ...conflicts(parts),
      ...(period === 'week' ? [...objectives(report), ...missed(report)] : []),
    ].join('\n'),
    ...compared(parts),
    comes,
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A few of them, and how many more there are. */
export function bullets(heading: string, lines: readonly string[], more_ = 0): string {
  const more = Math.max(0, lines.length - MAX_LINES) + more_;
  return [
    `${heading} (${lines.length + more_}):`,
    ...lines.slice(0, MAX_LINES).map((line) => `- ${line}`),
    ...(more > 0 ? [`- and ${more} more`] : []),
  ].join('\n');
}

const deployed = ({ dora }: WeeklyReport): number => dora.reduce((sum, view) => sum + view.deployments, 0);
const failed = ({ dora }: WeeklyReport): number =>
  dora.reduce((sum, view) => sum + view.not_passed + view.failed.length, 0);
const raised = ({ alerts: { page, warn, info } }: WeeklyReport): number => page + warn + info;
const opened = ({ incidents: all, from, to }: WeeklyReport): number =>
  all.filter((one) => one.opened >= from && one.opened < to).length;
const drilled = ({ drills }: WeeklyReport): { runs: number; passed: number } => ({
  runs: drills.reduce((sum, { runs }) => sum + runs, 0),
  passed: drills.reduce((sum, { passed }) => sum + passed, 0),
});

function deployments(report: WeeklyReport): string[] {
  const [passed, bad] = [deployed(report), failed(report)];
  if (passed + bad === 0) return [];
  const places = report.dora
    .filter((view) => view.deployments > 0)
    .map((view) => `${view.project}/${view.env} ${view.deployments}`);
  const where = places.length === 0 ? '' : ` (${places.slice(0, 5).join(', ')})`;
  return [
    `Deployments to the last environment: ${passed} passed${where}${bad === 0 ? '' : `, ${bad} failed or did not pass`}.`,
  ];
}

function drillLine(drill: WeeklyReport['drills'][number]): string {
  const figure = (name: string, got: number | null, goal: number | null): string =>
    got === null
      ? `${name} not measured`
      : `${name} ${words(got)}${goal === null ? '' : ` ${got > goal ? '>' : '≤'} ${words(goal)}`}`;
  return `Drill ${drill.drill}: ${drill.passed} of ${drill.runs} passed, last ${drill.last.verdict}; ${figure('RPO', drill.rpo_ms, drill.objective_rpo_ms)}, ${figure('RTO', drill.rto_ms, drill.objective_rto_ms)}.`;
}

/** Those that go on first, then the newest: of many not all are told. */
function incidents({ incidents: all, to }: WeeklyReport): string[] {
  const isOver = ({ ended }: WeeklyReport['incidents'][number]): boolean => ended !== null && ended < to;
  const sorted = all.toSorted((a, b) => Number(isOver(a)) - Number(isOver(b)) || b.opened - a.opened);
  const more = sorted.length - MAX_LINES;
  return [
    ...sorted.slice(0, MAX_LINES).map((one) => {
      const { title, severity, project, env, began, ended } = one;
      const over = ended !== null && isOver(one) ? `lasted ${words(ended - began)}` : 'goes on';
      return `Incident (${severity}, ${project}/${env}): ${oneLine(title, 100)}, ${over}.`;
    }),
    ...(more > 0 ? [`And ${plural(more, 'more incident')}: reeve incidents list --all.`] : []),
  ];
}

function alerts({ alerts: { page, warn, info, open } }: WeeklyReport): string[] {
  if (page + warn + info + open.length === 0) return [];
  const now = open.slice(0, 5).map(({ key }) => key);
  const still = now.length === 0 ? '' : `; open at its end: ${now.join(', ')}${open.length > 5 ? ' …' : ''}`;
  return [`Alerts: ${plural(page, 'page')}, ${plural(warn, 'warning')}, ${plural(info, 'notice')}${still}.`];
}

const conflicts = ({ conflicts: all }: DigestParts): string[] =>
  all.map(
    ({ sync, project, count }) =>
      `Sync ${sync}${project === null ? '' : ` of ${project}`}: ${plural(count, 'conflict')}, left as people had it (reeve sync status ${sync}).`,
  );

function objectives({ slos }: WeeklyReport): string[] {
  const bad = slos.filter(({ slo: { state } }) => state !== 'ok' && state !== 'loading');
  if (slos.length === 0) return [];
  return bad.length === 0
    ? [`Objectives: all ${slos.length} are kept.`]
    : [`Objectives: ${bad.map(({ slo: { name, state } }) => `${name} ${state}`).join(', ')}.`];
}

function missed({ schedules }: WeeklyReport): string[] {
  const slots = schedules.reduce((sum, row) => sum + row.missed, 0);
  return slots === 0 ? [] : [`${plural(slots, 'slot')} missed.`];
}

/** Each figure beside that of the week before. */
function compared({ report, before }: DigestParts): string[] {
  if (before === null) return [];
  const rows: [string, number, number][] = [
    ['deployments', deployed(report), deployed(before)],
    ['failed', failed(report), failed(before)],
    ['incidents', opened(report), opened(before)],
    ['pages', report.alerts.page, before.alerts.page],
    ['drills passed', drilled(report).passed, drilled(before).passed],
    ['drills run', drilled(report).runs, drilled(before).runs],
  ];
  const change = (now: number, then: number): string =>
    now === then ? 'as before' : `${now > then ? '+' : '−'}${Math.abs(now - then)}`;
  const part = before.incomplete.length === 0 ? '' : ' (of which not everything is kept)';
  return [
    `Against the week before${part}: ${rows.map(([name, now, then]) => `${now} ${name} (${change(now, then)})`).join(', ')}.`,
  ];
}
