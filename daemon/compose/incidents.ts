import type { OpenedIncidents } from '../incidents/index.ts';
import { incidentMetrics } from '../incidents/metrics.ts';
import { incidentsProjection, isBusy } from '../incidents/projection.ts';
import type { IncidentsState } from '../incidents/state.ts';
import { findIncident, listIncidents, ruleViews } from '../incidents/views.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Alerts } from '../ports/alerts.ts';
import { rowOf } from '../incidents/projection.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Probes } from '../ports/probes.ts';
import type { FeatureContext } from './features.ts';

/** Records with which there may be something to do. */
const BEGINS: ReadonlySet<string> = new Set([
  'probe.transition',
  'drill.result',
  'job.attempt',
  'incident.opened',
]);

/** After its code could not be loaded, ms. */
const AGAIN_MS = 10_000;

export interface IncidentsFeature {
  incidents: Incidents;
  metrics: readonly MetricFamily[];
  start(releasers: Releasers): void;
}

/** Incidents and healing. Their code is loaded when something happens, or somebody asks. */
export function composeIncidents(
  context: FeatureContext,
  alerts: Alerts,
  probes: Pick<Probes, 'get' | 'run'>,
): IncidentsFeature {
  const { store, config, jobs, work, mandates, zones, clean, admit, warn } = context;
  const state = (): IncidentsState => store.state.get(incidentsProjection);
  let opening: Promise<OpenedIncidents> | undefined;
  let running = false;

  const opened = (): Promise<OpenedIncidents> =>
    (opening ??= load().catch((error: unknown) => {
      // Out of file descriptors, say: trouble begins in such moments, and must not stay unheard of.
      opening = undefined;
      throw error;
    }));
  const load = (): Promise<OpenedIncidents> =>
    import('../incidents/index.ts').then(({ openIncidents }) => {
      const { clock, ledger, fs, artifacts, origin } = store;
      const made = openIncidents({
        clock,
        ledger,
        state: store.state,
        config,
        probes,
        jobs,
        work,
        mandates,
        alerts,
        fs,
        artifacts,
        origin,
        hex: store.hex,
        clean,
        admit,
        checkWrite: (file) => zones.checkWrite(file),
        warn,
      });
      if (running) made.keeper.start();
      return made;
    });
  const service = async (): Promise<OpenedIncidents['service']> => (await opened()).service;

  const incidents: Incidents = {
    open: async (incident) => (await service()).open(incident),
    acknowledge: async (...given) => (await service()).acknowledge(...given),
    note: async (...given) => (await service()).note(...given),
    link: async (...given) => (await service()).link(...given),
    resolve: async (...given) => (await service()).resolve(...given),
    review: async (...given) => (await service()).review(...given),
    postmortem: async (id) => (await service()).postmortem(id),
    timeline: async (id) => (await service()).timeline(id),
    resetBreaker: async (...given) => (await service()).resetBreaker(...given),
    said: (id, interaction) => rowOf(state(), id)?.noted?.includes(interaction) === true,
    get: (id, may) => findIncident(state(), id, may),
    list: (filter) => listIncidents(state(), filter),
    heals: () => ruleViews(state(), config.current().config.healing, store.clock.now()),
  };

  return {
    incidents,
    metrics: incidentMetrics(state, () => config.current().config.healing),
    start(releasers) {
      running = true;
      let cancel = (): void => {};
      const begin = (): void => {
        cancel();
        if (!running) return;
        opened()
          .then(({ keeper }) => {
            if (running) keeper.start();
          })
          .catch((error: unknown) => {
            warn('incidents', error);
            cancel = store.clock.after(AGAIN_MS, begin);
          });
      };
      const unsubscribe = store.ledger.subscribe(({ type }) => {
        if (opening === undefined && BEGINS.has(type) && isBusy(state())) begin();
      });
      releasers.push('incidents', async () => {
        running = false;
        cancel();
        unsubscribe();
        await (await opening?.catch(() => undefined))?.keeper.stop();
      });
      if (opening !== undefined || isBusy(state())) begin();
    },
  };
}
