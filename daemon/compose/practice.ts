import { fail } from '../../contracts/errors.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Practice, Slos } from '../ports/practice.ts';
import type { Probes } from '../ports/probes.ts';
import { sloMetrics } from '../practice/slo/metrics.ts';
import type { OpenedSlos } from '../practice/slo/index.ts';
import { suggest } from '../suggest.ts';
import type { FeatureContext } from './features.ts';

export interface PracticeFeature {
  practice: Practice;
  metrics: readonly MetricFamily[];
  start(releasers: Releasers): void;
}

/** The numbers of the practice. The code of objectives is loaded with the first of them, the others when somebody asks. */
export function composePractice(
  { store, config, warn }: FeatureContext,
  alerts: Alerts,
  probes: Probes,
): PracticeFeature {
  let opened: OpenedSlos | undefined;
  let opening: Promise<void> | undefined;

  const needed = (): boolean =>
    Object.keys(config.current().config.slos).length > 0 ||
    // The alert of an objective that is no more has to be closed.
    alerts.list().some(({ key, state }) => state === 'open' && key.startsWith('slo:'));
  async function open(): Promise<void> {
    const { openSlos } = await import('../practice/slo/index.ts');
    opened = openSlos({
      clock: store.clock,
      config: () => config.current().config,
      probes,
      alerts,
      maintenance,
      warn,
    });
  }
  async function maintenance(): Promise<(probe: string, at: number) => boolean> {
    const { maintenance: specs, probes: known } = config.current().config;
    if (Object.keys(specs).length === 0) return () => false;
    const { readWindow, windowOf } = await import('../probes/maintenance.ts');
    const windows = await Promise.all(Object.entries(specs).map(([name, spec]) => readWindow(name, spec)));
    return (probe, at) => {
      const spec = known[probe];
      return spec !== undefined && windowOf(windows, probe, spec, at) !== null;
    };
  }
  const changed = (): void => {
    if (opened !== undefined) opened.reload();
    else if (needed()) opening ??= open().catch((error: unknown) => warn('the objectives', error));
  };

  const slos: Slos = {
    list: () => opened?.list() ?? [],
    get(name) {
      const found = opened?.book.view(name);
      if (found !== undefined) return found;
      const near = suggest(name, opened?.book.names() ?? []);
      const help = near === undefined ? '`reeve slo list`' : `\`reeve slo show ${near}\``;
      throw fail('SLO_UNKNOWN', { name, help });
    },
    between: (name, from, to) => opened?.book.between(name, from, to) ?? null,
  };

  return {
    practice: { slos },
    metrics: sloMetrics(() => slos.list()),
    start(releasers) {
      const unsubscribe = config.onChange(changed);
      changed();
      releasers.push('objectives', async () => {
        unsubscribe();
        await opening;
        await opened?.stop();
      });
    },
  };
}
