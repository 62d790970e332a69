import type { MetricFamily } from '../../ports/metrics.ts';
import type { SloView } from '../../ports/practice.ts';
import { budgetOf } from './burn.ts';

/** What /metrics says of objectives. */
export function sloMetrics(list: () => SloView[]): MetricFamily[] {
  const place = ({ name, project, env }: SloView): string[] => [name, project, env];
  return [
    {
      name: 'reeve_slo_objective_ratio',
      help: 'Share of samples that is to be good',
      kind: 'gauge',
      labels: ['slo', 'project', 'env'],
      *collect() {
        for (const slo of list()) yield [place(slo), 1 - budgetOf(slo.objective) / 1_000_000];
      },
    },
    {
      name: 'reeve_slo_samples',
      help: 'Samples in the window of the objective; inconclusive ones and those of a maintenance window count as neither',
      kind: 'gauge',
      labels: ['slo', 'project', 'env', 'outcome'],
      *collect() {
        for (const slo of list()) {
          yield [[...place(slo), 'good'], slo.good];
          yield [[...place(slo), 'bad'], slo.bad];
        }
      },
    },
    {
      name: 'reeve_slo_error_budget_left_ratio',
      help: 'What is left of the error budget: 1 untouched, 0 spent, below 0 overspent; absent without samples',
      kind: 'gauge',
      labels: ['slo', 'project', 'env'],
      *collect() {
        for (const slo of list()) if (slo.budget_left !== null) yield [place(slo), slo.budget_left];
      },
    },
    {
      name: 'reeve_slo_burn_rate',
      help: 'How many times faster than sustainable the error budget is spent, by window; absent without samples',
      kind: 'gauge',
      labels: ['slo', 'project', 'env', 'window'],
      *collect() {
        for (const slo of list())
          for (const { window, short, long_rate, short_rate } of slo.burns) {
            if (long_rate !== null) yield [[...place(slo), window], long_rate];
            if (short_rate !== null) yield [[...place(slo), short], short_rate];
          }
      },
    },
    {
      name: 'reeve_slo_burning',
      help: '1 while the alert of this window is open',
      kind: 'gauge',
      labels: ['slo', 'project', 'env', 'window', 'severity'],
      *collect() {
        for (const slo of list())
          for (const { window, severity, open } of slo.burns)
            yield [[...place(slo), window, severity], open ? 1 : 0];
      },
    },
  ];
}
