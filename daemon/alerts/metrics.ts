import type { MetricFamily } from '../ports/metrics.ts';
import type { StateView } from '../ports/state.ts';
import { silenceOf } from './match.ts';
import type { Outbox } from './outbox.ts';
import { alertsProjection } from './projection.ts';

export interface MetricsDeps {
  state: StateView;
  outbox: Pick<Outbox, 'counts'>;
  now(): number;
}

/** What /metrics says of alerts: who watches Reeve from outside sees here that nobody is being told. */
export function alertMetrics({ state, outbox, now }: MetricsDeps): readonly MetricFamily[] {
  return [
    {
      name: 'reeve_alerts_open',
      help: 'Open alerts by severity, and whether a silence keeps them quiet',
      kind: 'gauge',
      labels: ['severity', 'silenced'],
      *collect() {
        const alerts = state.get(alertsProjection);
        const counts = new Map<string, number>();
        for (const severity of ['page', 'warn', 'info'])
          for (const silenced of ['no', 'yes']) counts.set(`${severity} ${silenced}`, 0);
        for (const { body } of Object.values(alerts.open)) {
          const key = `${body.severity} ${silenceOf(body, alerts, now()) === undefined ? 'no' : 'yes'}`;
          counts.set(key, (counts.get(key) ?? 0) + 1);
        }
        for (const [key, n] of counts) yield [key.split(' '), n];
      },
    },
    {
      name: 'reeve_alert_deliveries_total',
      help: 'Messages that were sent or given up since the start',
      kind: 'counter',
      labels: ['channel', 'outcome'],
      *collect() {
        for (const [channel, { sent, given_up }] of outbox.counts()) {
          yield [[channel, 'sent'], sent];
          yield [[channel, 'given_up'], given_up];
        }
      },
    },
    {
      name: 'reeve_alert_outbox_waiting',
      help: 'Messages that are queued and not delivered',
      kind: 'gauge',
      labels: ['channel'],
      *collect() {
        const counts = new Map<string, number>();
        for (const { channel } of Object.values(state.get(alertsProjection).waiting))
          counts.set(channel, (counts.get(channel) ?? 0) + 1);
        for (const [channel, n] of counts) yield [[channel], n];
      },
    },
    {
      name: 'reeve_alert_outbox_oldest_seconds',
      help: 'Age of the oldest message that is not delivered; 0 when there is none',
      kind: 'gauge',
      labels: [],
      *collect() {
        const oldest = Math.min(...Object.values(state.get(alertsProjection).waiting).map(({ at }) => at));
        yield [[], Number.isFinite(oldest) ? Math.max(0, now() - oldest) / 1000 : 0];
      },
    },
  ];
}
