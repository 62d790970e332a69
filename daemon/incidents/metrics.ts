import { Severity } from '../../contracts/watch.ts';
import type { HealSpec } from '../../contracts/estate/incidents.ts';
import { own } from '../own.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { IncidentsState } from './state.ts';

const OUTCOMES = ['healed', 'failed', 'unknown'] as const;

/** What /metrics says of incidents and healing. Counted over the whole ledger. */
export function incidentMetrics(
  state: () => IncidentsState,
  healing: () => Readonly<Record<string, HealSpec>>,
): MetricFamily[] {
  return [
    {
      name: 'reeve_incidents_open',
      help: 'Open incidents by severity',
      kind: 'gauge',
      labels: ['severity'],
      *collect() {
        const rows = Object.values(state().open);
        for (const severity of Severity.options)
          yield [[severity], rows.filter(({ body }) => body.severity === severity).length];
      },
    },
    {
      name: 'reeve_incidents_unacknowledged',
      help: 'Open incidents that nobody has acknowledged',
      kind: 'gauge',
      labels: [],
      *collect() {
        yield [[], Object.values(state().open).filter(({ ack }) => ack === null).length];
      },
    },
    {
      name: 'reeve_incidents_opened_total',
      help: 'Incidents opened, by what they are about',
      kind: 'counter',
      labels: ['source'],
      *collect() {
        for (const [source, count] of Object.entries(state().opened)) yield [[source], count];
      },
    },
    {
      name: 'reeve_heals_total',
      help: 'Heals that have ended, by outcome',
      kind: 'counter',
      labels: ['outcome'],
      *collect() {
        for (const outcome of OUTCOMES) yield [[outcome], state().healed[outcome] ?? 0];
      },
    },
    {
      name: 'reeve_heal_breaker_open',
      help: '1 while a healing rule does nothing more until a person closes its breaker',
      kind: 'gauge',
      labels: ['rule'],
      *collect() {
        for (const rule of Object.keys(healing()))
          yield [[rule], own(state().rules, rule)?.breaker == null ? 0 : 1];
      },
    },
  ];
}
