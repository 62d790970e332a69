import type { ScheduleSpec } from '../../contracts/estate.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { Alerts } from '../ports/alerts.ts';
import { iso } from '../time.ts';
import { ON_TIME_MS } from './due.ts';
import type { DowntimeState } from './downtime.ts';
import { scheduleState, type ScheduleState, type SchedulesState } from './projection.ts';
import { words } from './words.ts';

/** A slot this late has slipped: somebody waits for its result. */
export const SLIP_MS = 5 * 60_000;

export interface AlarmView {
  specs: Readonly<Record<string, ScheduleSpec>>;
  state: SchedulesState;
  downtime: DowntimeState;
  /** When each schedule is due next, with jitter, ms. */
  next(name: string): number | null;
  now: number;
  /** Time stamp of the ledger's last record, ms. */
  recorded: number;
}

/**
 * What is wrong with the schedules at this instant. No text depends on the instant itself: an alert that only grew older
 * is the same alert. Pure, and made anew from the fold each time: what is no longer in it
 * is over.
 */
export function alarms(view: AlarmView): AlertBody[] {
  return [
    ...Object.entries(view.specs).flatMap(([name, spec]) => of(view, name, spec)),
    ...absence(view),
    ...behind(view),
  ];
}

function of(view: AlarmView, name: string, spec: ScheduleSpec): AlertBody[] {
  const known = scheduleState(view.state, name);
  if (known === undefined) return [];
  const about = { severity: 'warn', source: 'schedule', project: spec.project, env: spec.env } as const;
  const found: AlertBody[] = [];
  const slip = slipOf(view, name, known);
  if (slip !== undefined)
    found.push({
      ...about,
      key: `schedule:${name}:slip`,
      title: `The schedule ${name} slipped`,
      text: `${slip} See \`reeve schedule history ${name}\`.`,
    });
  const age = ageOf(view, spec, known);
  if (age !== undefined)
    found.push({
      ...about,
      source: name.includes('backup') || spec.runbook.includes('backup') ? 'backup' : 'schedule',
      key: `schedule:${name}:age`,
      title: `${spec.runbook} has not passed for too long`,
      text: `${age} Look at its last runs: \`reeve jobs list --runbook ${spec.runbook}\`.`,
    });
  return found;
}

function slipOf(view: AlarmView, name: string, known: ScheduleState): string | undefined {
  if (known.paused !== null) return undefined;
  const next = view.next(name);
  if (next !== null && view.now - next > SLIP_MS)
    return `The slot of ${iso(next)} is overdue and has not been taken.`;
  const [waiting] = known.open.filter((slot) => !known.backfill.includes(slot));
  if (waiting !== undefined && view.now - waiting > SLIP_MS)
    return `The slot of ${iso(waiting)} was taken and still waits to start.`;
  const last = known.recent.findLast((row) => row.backfill === undefined);
  if (last === undefined) return undefined;
  const at = iso(last.slot);
  if (last.outcome === 'ran')
    return last.late_ms > SLIP_MS ? `The slot of ${at} ran late by ${words(last.late_ms)}.` : undefined;
  if (last.why?.startsWith('paused by ') === true) return undefined;
  return `The slot of ${at} was ${last.outcome}: ${last.why ?? 'no reason was recorded'}.`;
}

function ageOf({ now }: AlarmView, spec: ScheduleSpec, known: ScheduleState): string | undefined {
  if (spec.max_age === undefined) return undefined;
  const age = now - (known.passed ?? known.since);
  if (age <= spec.max_age) return undefined;
  const limit = `It should pass at least every ${words(spec.max_age)}.`;
  return known.passed === null
    ? `It has never passed since ${iso(known.since)}. ${limit}`
    : `It passed last at ${iso(known.passed)}. ${limit}`;
}

function absence({ downtime: { gap, missed }, specs }: AlarmView): AlertBody[] {
  const names = Object.keys(missed).filter((name) => Object.hasOwn(specs, name));
  if (gap === null || names.length === 0) return [];
  const shown = names.slice(0, 20).join(', ') + (names.length > 20 ? ` and ${names.length - 20} more` : '');
  return [
    {
      key: 'schedule:downtime',
      severity: 'warn',
      source: 'daemon',
      title: 'The daemon was down while schedules were due',
      text: `From ${iso(gap.from)} to ${iso(gap.to)} nothing ran here. Missed, and not run since: ${shown}.`,
    },
  ];
}

/** The door refuses whatever is privileged until the clock has passed the ledger; each slot says so, and this says why. */
function behind({ now, recorded, specs }: AlarmView): AlertBody[] {
  if (recorded - now <= ON_TIME_MS || Object.keys(specs).length === 0) return [];
  return [
    {
      key: 'schedule:clock',
      severity: 'page',
      source: 'daemon',
      title: 'No schedule runs: the clock is behind the ledger',
      text: [
        `The ledger has records of ${iso(recorded)}: the clock is wrong now, or it was when they were written.`,
        'If it is wrong now, set it right. Otherwise nothing privileged runs before that time, and each slot until then is refused.',
      ].join('\n'),
    },
  ];
}

/** Keys that this file raises; whatever else is open is not its own. */
const OURS = /^schedule:/;

/** Raises what is wrong now and resolves what is not any more. */
export async function settleAlarms(
  alerts: Pick<Alerts, 'list' | 'raise' | 'resolve'>,
  view: AlarmView,
): Promise<void> {
  const wanted = alarms(view);
  const keys = new Set(wanted.map(({ key }) => key));
  for (const alert of wanted) await alerts.raise(alert);
  for (const { key, state } of alerts.list())
    if (state === 'open' && OURS.test(key) && !keys.has(key))
      await alerts.resolve(key, 'it runs as planned again');
}
