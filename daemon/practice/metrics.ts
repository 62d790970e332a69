import type { DrillRow } from '../ports/actions.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { DoraView, Place } from '../ports/practice.ts';
import { dora, type CommitTime } from './dora.ts';
import type { PracticeState } from './fold/state.ts';

/** What one schedule says of itself. Times in ms. */
export interface ScheduleFigures extends Place {
  name: string;
  /** When a run of it passed last, or, before the first, when it was defined. */
  passed: number;
  /** One has passed. */
  ever: boolean;
  max_age: number | null;
  paused: boolean;
}

export interface PracticeSource {
  state(): PracticeState;
  /** Where deployments are counted. */
  places(): Place[];
  commitTime: CommitTime;
  /** Newest first. */
  drills(): DrillRow[];
  schedules(): ScheduleFigures[];
  now(): number;
}

const MONTH_MS = 30 * 86_400_000;

/** One family whose rows are written down in a line each. */
function family(
  kind: MetricFamily['kind'],
  name: string,
  help: string,
  labels: readonly string[],
  rows: () => Iterable<readonly [labels: readonly string[], value: number | null]>,
): MetricFamily {
  return {
    name,
    help,
    kind,
    labels,
    *collect() {
      for (const [values, value] of rows()) if (value !== null) yield [values, value];
    },
  };
}

const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1000);

/** What /metrics says of deployments, incidents, drills, schedules and reviews. Read when it is scraped. */
export function practiceMetrics(source: PracticeSource): MetricFamily[] {
  return [
    ...deploymentMetrics(source),
    ...drillMetrics(source),
    ...scheduleMetrics(source),
    ...openMetrics(source),
  ];
}

function deploymentMetrics({ state, places, commitTime, now }: PracticeSource): MetricFamily[] {
  const labels = ['project', 'env'];
  const total = (name: string, help: string, side: 'passed' | 'failed'): MetricFamily =>
    family('counter', name, help, labels, function* () {
      const none = Object.fromEntries(places().map(({ project, env }) => [`${project}/${env}`, null]));
      for (const [place, totals] of Object.entries({ ...none, ...state().totals }))
        yield [place.split('/'), totals?.[side] ?? 0];
    });
  const month = (name: string, help: string, value: (view: DoraView) => number | null): MetricFamily =>
    family('gauge', name, help, labels, function* () {
      for (const place of places())
        yield [
          [place.project, place.env],
          value(dora(state(), place, [now() - MONTH_MS, now() + 1], commitTime)),
        ];
    });
  return [
    total(
      'reeve_deployments_total',
      'Deployments and promotions that passed, since the ledger began',
      'passed',
    ),
    total(
      'reeve_deployments_failed_total',
      'Deployments that were rolled back or linked to an incident as its cause, since the ledger began',
      'failed',
    ),
    month(
      'reeve_deployment_lead_time_seconds',
      'Median time from commit to the end of the deployment in 30 days; absent where no commit is known',
      ({ lead }) => seconds(lead.median),
    ),
    month(
      'reeve_change_failure_ratio',
      'Share of the deployments of 30 days that failed; absent without deployments',
      ({ change_failure_rate }) => change_failure_rate,
    ),
    month(
      'reeve_deployment_recovery_seconds',
      'Median time to recover from the failed deployments of 30 days',
      ({ recovery }) => seconds(recovery.median),
    ),
    month(
      'reeve_incident_restore_seconds',
      'Median time from the beginning to the end of the incidents of 30 days',
      ({ restore }) => seconds(restore.median),
    ),
  ];
}

function drillMetrics({ drills, now }: PracticeSource): MetricFamily[] {
  const labels = ['drill', 'project', 'env'];
  const keyOf = ({ drill, project = '', env = '' }: DrillRow): string[] => [drill, project, env];
  /** The newest of each drill and place that fits. */
  const newest = (fits: (row: DrillRow) => boolean): DrillRow[] => {
    const found = new Map<string, DrillRow>();
    for (const row of drills().filter(fits)) {
      const key = keyOf(row).join(' ');
      if (!found.has(key)) found.set(key, row);
    }
    return [...found.values()];
  };
  const gauge = (
    name: string,
    help: string,
    value: (row: DrillRow) => number | null,
    fits: (row: DrillRow) => boolean = () => true,
  ): MetricFamily =>
    family('gauge', name, help, labels, function* () {
      for (const row of newest(fits)) yield [keyOf(row), value(row)];
    });
  return [
    gauge('reeve_drill_passed', '1 when the last drill passed, 0 otherwise', ({ verdict }) =>
      verdict === 'PASS' ? 1 : 0,
    ),
    gauge(
      'reeve_drill_last_pass_age_seconds',
      'Time since a drill passed last; absent while none has',
      ({ at }) => Math.max(0, now() - at) / 1000,
      ({ verdict }) => verdict === 'PASS',
    ),
    gauge(
      'reeve_drill_rpo_seconds',
      'What the last drill would have lost; absent where it was not measured',
      ({ rpo_ms }) => seconds(rpo_ms),
    ),
    gauge(
      'reeve_drill_rto_seconds',
      'How long the last drill took to a verified service; absent where it was not measured',
      ({ rto_ms }) => seconds(rto_ms),
    ),
    gauge('reeve_drill_rpo_objective_seconds', 'What it may lose', ({ objective_rpo_ms }) =>
      seconds(objective_rpo_ms),
    ),
    gauge('reeve_drill_rto_objective_seconds', 'How long it may take', ({ objective_rto_ms }) =>
      seconds(objective_rto_ms),
    ),
  ];
}

function scheduleMetrics({ schedules, state, now }: PracticeSource): MetricFamily[] {
  const labels = ['schedule', 'project', 'env'];
  const gauge = (name: string, help: string, value: (row: ScheduleFigures) => number | null): MetricFamily =>
    family('gauge', name, help, labels, function* () {
      for (const row of schedules()) yield [[row.name, row.project, row.env], value(row)];
    });
  return [
    gauge(
      'reeve_schedule_last_pass_age_seconds',
      'Time since a run of the schedule passed last or, before the first, since it was defined',
      ({ passed }) => Math.max(0, now() - passed) / 1000,
    ),
    gauge('reeve_schedule_max_age_seconds', 'What that may be; absent where nothing is said', ({ max_age }) =>
      seconds(max_age),
    ),
    gauge('reeve_schedule_paused', '1 while somebody has paused the schedule', ({ paused }) =>
      paused ? 1 : 0,
    ),
    family(
      'counter',
      'reeve_schedule_slots_missed_total',
      'Slots that were skipped or refused, not counting paused ones, since the ledger began',
      ['schedule'],
      function* () {
        // A counter that begins with its first event never increases.
        const all = {
          ...Object.fromEntries(schedules().map(({ name }) => [name, 0])),
          ...state().missed_totals,
        };
        for (const [name, count] of Object.entries(all)) yield [[name], count];
      },
    ),
  ];
}

function openMetrics({ state, now }: PracticeSource): MetricFamily[] {
  const age = (at: readonly number[]): number =>
    at.length === 0 ? 0 : Math.max(0, now() - Math.min(...at)) / 1000;
  return [
    family(
      'gauge',
      'reeve_incident_oldest_open_seconds',
      'Age of the oldest incident that goes on; 0 when there is none',
      ['severity'],
      function* () {
        const open = Object.values(state().incidents).filter(({ ended }) => ended === null);
        for (const severity of ['page', 'warn', 'info'])
          yield [
            [severity],
            age(open.filter((incident) => incident.severity === severity).map(({ opened }) => opened)),
          ];
      },
    ),
    family('gauge', 'reeve_reviews_open', 'Break-glass reviews that nobody has closed', [], () => [
      [[], Object.keys(state().reviews).length],
    ]),
    family(
      'gauge',
      'reeve_review_oldest_open_seconds',
      'Age of the oldest of them; 0 when there is none',
      [],
      () => [[[], age(Object.values(state().reviews))]],
    ),
  ];
}
