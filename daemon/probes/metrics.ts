import type { Verdict } from '../../contracts/watch.ts';
import { isBad } from './damping.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { ProbeView } from '../ports/probes.ts';

export interface MetricSource {
  list(): ProbeView[];
  slips(): { total: number };
  /** Samples since the start. */
  taken(): Readonly<Partial<Record<Verdict, number>>>;
  health(): { dropped: number };
  running: number;
}

/** What /metrics says of the probes. The source is asked when it is scraped; undefined while there is no probe. */
export function probeMetrics(source: () => MetricSource | undefined): MetricFamily[] {
  const views = (): ProbeView[] => source()?.list() ?? [];
  const labels = ({ name, spec }: ProbeView): string[] => [name, spec.project, spec.env];
  return [
    {
      name: 'reeve_probe_up',
      help: '1 while a probe is up or degraded, 0 while it is down or halted; absent while nothing is known',
      kind: 'gauge',
      labels: ['probe', 'project', 'env'],
      *collect() {
        for (const view of views())
          if (view.state !== 'pending' && view.state !== 'inconclusive')
            yield [labels(view), isBad(view.state) ? 0 : 1];
      },
    },
    {
      name: 'reeve_probe_state',
      help: 'The damped state of each probe: the series with value 1',
      kind: 'gauge',
      labels: ['probe', 'project', 'env', 'kind', 'state'],
      *collect() {
        for (const view of views()) yield [[...labels(view), view.spec.kind, view.state], 1];
      },
    },
    {
      name: 'reeve_probe_latency_seconds',
      help: 'Latency of the last sample',
      kind: 'gauge',
      labels: ['probe', 'project', 'env'],
      *collect() {
        for (const view of views())
          if (typeof view.last?.ms === 'number') yield [labels(view), view.last.ms / 1000];
      },
    },
    {
      name: 'reeve_probe_samples_total',
      help: 'Samples since the start, by verdict',
      kind: 'counter',
      labels: ['verdict'],
      *collect() {
        for (const [verdict, count] of Object.entries(source()?.taken() ?? {})) yield [[verdict], count];
      },
    },
    {
      name: 'reeve_probe_slips_total',
      help: 'Slots that could not be run in time since the start',
      kind: 'counter',
      labels: [],
      *collect() {
        yield [[], source()?.slips().total ?? 0];
      },
    },
    {
      name: 'reeve_probe_samples_dropped_total',
      help: 'Samples that could not be kept since the start',
      kind: 'counter',
      labels: [],
      *collect() {
        yield [[], source()?.health().dropped ?? 0];
      },
    },
    {
      name: 'reeve_probes_running',
      help: 'Scheduled runs under way',
      kind: 'gauge',
      labels: [],
      *collect() {
        yield [[], source()?.running ?? 0];
      },
    },
  ];
}
