import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Probes } from '../ports/probes.ts';
import type { ProbeEngine } from '../probes/engine.ts';
import { probeMetrics } from '../probes/metrics.ts';
import { probeStates } from '../probes/projection.ts';
import type { FeatureContext } from './features.ts';

export interface ProbesFeature {
  probes: Probes;
  metrics: readonly MetricFamily[];
  start(releasers: Releasers): Promise<void>;
}

/** An opening that failed is tried again after this, ms. */
const AGAIN_MS = 60_000;
const KEY = 'probes:start';

/** The probes of the estate. Their code is loaded with the first probe, at the start or when one is added. */
export function openProbes(
  { store, config, secrets, mandates, clean, warn }: FeatureContext,
  alerts: () => Alerts | undefined,
): ProbesFeature {
  const listeners = new Set<Parameters<Probes['onSample']>[0]>();
  let engine: ProbeEngine | undefined;
  let opening: Promise<void> | undefined;
  let cancel = (): void => {};

  const needed = (): boolean =>
    Object.keys(config.current().config.probes).length > 0 ||
    // What the ledger knows of probes that are no more has to be closed.
    Object.keys(store.state.get(probeStates)).length > 0;
  async function open(): Promise<void> {
    const { openProbes } = await import('../probes/index.ts');
    engine = await openProbes({
      ...store,
      config,
      secrets,
      accepted: (mandate) => mandates.requireUsable(mandate),
      clean,
      alerts,
      warn,
      dir: store.home.samples,
      tokenKey: path.join(store.home.secrets, 'push.key'),
    });
    engine.onSample((probe, sampled) => {
      for (const listener of listeners) listener(probe, sampled);
    });
  }
  const changed = (): void => {
    if (engine !== undefined) void engine.reload();
    else if (needed()) opening ??= begin();
  };
  /** Opens them, however often it takes: what keeps the disk from it must not keep the daemon from its other work. */
  async function begin(): Promise<void> {
    const told = (error: unknown): void => warn('the alert about the probes', error);
    try {
      await open();
    } catch (error) {
      warn('the probes could not be started', error);
      cancel = store.clock.after(AGAIN_MS, () => {
        opening = begin();
      });
      const why = clean(error instanceof Error ? error.message : String(error));
      const text = `Nothing is watched: ${why}. It is tried again every minute.`;
      const title = 'The probes do not run';
      await alerts()?.raise({ key: KEY, severity: 'page', source: 'daemon', title, text }).catch(told);
      return;
    }
    await alerts()?.resolve(KEY, 'the probes run').catch(told);
  }
  const must = (name: string): ProbeEngine => {
    if (engine !== undefined) return engine;
    throw fail('PROBE_UNKNOWN', { name, help: '`reeve probe list`' });
  };

  const probes: Probes = {
    list: () => engine?.list() ?? [],
    get: (name) => must(name).get(name),
    run: async (name) => must(name).run(name),
    push: async (token, event, text) => must('with this token').push(token, event, text),
    token: async (name) => must(name).token(name),
    samples: {
      series: async (...asked) => engine?.samples.series(...asked) ?? [],
      tally: async (...asked) => engine?.samples.tally(...asked) ?? { good: 0, bad: 0 },
      raw: async (...asked) => engine?.samples.raw(...asked) ?? [],
    },
    async kinds() {
      const { kinds } = await import('../probes/kinds/index.ts');
      return kinds.map(({ kind, summary, example }) => ({ kind, summary, example }));
    },
    onSample(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    slips: () => engine?.slips() ?? { total: 0, last: null },
  };

  return {
    probes,
    metrics: probeMetrics(() => engine),
    async start(releasers) {
      releasers.push('probes', async () => {
        stop();
        cancel();
        await opening;
        await engine?.stop();
      });
      const stop = config.onChange(changed);
      if (needed()) await (opening = begin());
    },
  };
}
