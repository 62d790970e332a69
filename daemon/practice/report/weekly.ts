import type { DrillRow } from '../../ports/actions.ts';
import type {
  DoraView,
  IncidentWeek,
  ScheduleWeek,
  Sees,
  SloView,
  WeeklyReport,
} from '../../ports/practice.ts';
import type { ScheduleFigures } from '../metrics.ts';
import type { IncidentEntry, MissedSlot, PracticeState, Trail } from '../fold/state.ts';
import { drillTrends } from './trend.ts';

export interface WeeklySource {
  estate: string;
  timezone: string;
  state: PracticeState;
  slos: readonly SloView[];
  between(slo: string, from: number, to: number): { good: number; bad: number } | null;
  dora: readonly DoraView[];
  drills: readonly DrillRow[];
  schedules: readonly ScheduleFigures[];
  now: number;
}

export interface Asked {
  project?: string | undefined;
  from: number;
  to: number;
  may: Sees;
}

/** Puts the week together: only what may be seen, and of one project where one is asked for. Pure. */
export function weekly(source: WeeklySource, { project, from, to, may }: Asked): WeeklyReport {
  const { state, now } = source;
  const mine = (place: { project?: string | undefined; env?: string | undefined }): boolean =>
    (project === undefined || place.project === project) &&
    may(place.project === undefined ? undefined : place);
  const inside = (at: number | null): boolean => at !== null && at >= from && at < to;
  const all = project === undefined && may(undefined);

  const alerts = state.alerts.items.filter(mine);
  const raised = alerts.filter(({ at }) => inside(at));
  const bySeverity = (severity: string): number =>
    raised.filter((alert) => alert.severity === severity).length;
  const incidents = Object.values(state.incidents).filter(mine);
  const places = new Map(incidents.map((incident) => [incident.id, incident]));
  const heals = state.heals.items.filter(({ at, incident }) => inside(at) && places.has(incident));
  const messages = state.deliveries.items.filter(({ at }) => inside(at));
  const reviews = Object.values(state.reviews);
  return {
    estate: source.estate,
    project: project ?? null,
    timezone: source.timezone,
    from,
    to,
    made: now,
    slos: source.slos.filter(mine).map((slo) => ({ slo, week: source.between(slo.name, from, to) })),
    dora: [...source.dora],
    drills: drillTrends(source.drills.filter(mine), from, to),
    schedules: source.schedules.filter(mine).map((row) => scheduleWeek(row, state, { from, to }, now)),
    alerts: {
      page: bySeverity('page'),
      warn: bySeverity('warn'),
      info: bySeverity('info'),
      open: alerts
        .filter(({ at, resolved }) => at < to && (resolved === null || resolved >= to))
        .map(({ key, severity, at }) => ({ key, severity, at })),
    },
    messages: all
      ? {
          sent: messages.filter(({ outcome }) => outcome === 'sent').length,
          given_up: messages.filter(({ outcome }) => outcome === 'given_up').length,
        }
      : null,
    incidents: incidents.filter((one) => concerns(one, to, inside)).map(incidentWeek),
    heals: {
      healed: heals.filter(({ outcome }) => outcome === 'healed').length,
      failed: heals.filter(({ outcome }) => outcome === 'failed').length,
      unknown: heals.filter(({ outcome }) => outcome === 'unknown').length,
    },
    reviews: all
      ? { open: reviews.length, oldest: reviews.length === 0 ? null : Math.min(...reviews) }
      : null,
    incomplete: incomplete(state, from),
  };
}

const concerns = (
  { opened, ended }: IncidentEntry,
  to: number,
  inside: (at: number | null) => boolean,
): boolean => inside(opened) || inside(ended) || (opened < to && (ended === null || ended >= to));

const incidentWeek = (incident: IncidentEntry): IncidentWeek => {
  const { id, title, severity, project, env, began, opened, acknowledged, ended, reviewed, causes } =
    incident;
  return {
    id,
    title,
    severity,
    project,
    env,
    began,
    opened,
    acknowledged,
    ended,
    reviewed,
    causes: [...causes],
  };
};

function scheduleWeek(
  { name, project, env, passed, ever, max_age, paused }: ScheduleFigures,
  { missed }: PracticeState,
  week: { from: number; to: number },
  now: number,
): ScheduleWeek {
  const mine = missed.items
    .filter(({ schedule }) => schedule === name)
    .map((slot) => ({ ...slot, slots: slotsIn(slot, week) }))
    .filter(({ slots }) => slots > 0);
  return {
    name,
    project,
    env,
    passed: ever ? passed : null,
    max_age,
    too_old: !paused && max_age !== null && now - passed > max_age,
    paused,
    missed: mine.reduce((sum, { slots }) => sum + slots, 0),
    why: mine.at(-1)?.why ?? null,
  };
}

function incomplete(state: PracticeState, from: number): string[] {
  const trails: [string, number][] = [
    ['deployments', state.changes_cut],
    ['incidents', state.incidents_cut],
    ...(['alerts', 'deliveries', 'missed', 'heals'] as const).map((name): [string, number] => [
      { alerts: 'alerts', deliveries: 'messages', missed: 'missed slots', heals: 'heals' }[name],
      (state[name] as Trail<unknown>).cut,
    ]),
  ];
  return trails.filter(([, cut]) => cut >= from && cut > 0).map(([name]) => name);
}

/** How many of the slots that a record stands for were due then: of a stretch that is only partly in it, its share. */
function slotsIn(
  { at, until = at, count = 1 }: MissedSlot,
  { from, to }: { from: number; to: number },
): number {
  if (at >= to || until < from) return 0;
  if (at >= from && until < to) return count;
  const share = (Math.min(until, to) - Math.max(at, from)) / (until - at);
  return Math.max(1, Math.round(count * share));
}
