import { fail } from '../../contracts/errors.ts';
import type { LinearDesk } from '../integrations/linear/index.ts';
import { linearProjection } from '../integrations/linear/projection.ts';
import type { Releasers } from '../lifecycle.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Incidents } from '../ports/incidents.ts';
import type { Linear } from '../ports/linear.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { FeatureContext } from './features.ts';
import type { WebhooksFeature } from './webhooks.ts';

export interface LinearFeature {
  linear: Linear;
  metrics: readonly MetricFamily[];
  /** Resolves when everything that happened so far was looked at. */
  settled(): Promise<void>;
  start(releasers: Releasers): Promise<void>;
}

/** Incidents here, issues there. Loaded where reeve.yaml says so. */
export function composeLinear(
  { store, config, people, secrets, clean, warn }: FeatureContext,
  alerts: Alerts,
  incidents: Incidents,
  { bodyAt }: Pick<WebhooksFeature, 'bodyAt'>,
): LinearFeature {
  const { clock, ledger, state, hex } = store;
  let opened: Promise<LinearDesk> | undefined;
  const wanted = (): boolean => {
    const { linear } = config.current().config.integrations;
    return linear?.token !== undefined || linear?.opens !== undefined;
  };
  async function open(): Promise<LinearDesk> {
    const { LinearDesk } = await import('../integrations/linear/index.ts');
    const desk = new LinearDesk({
      clock,
      ledger,
      state,
      config,
      secrets,
      people,
      incidents,
      alerts,
      clean,
      hex,
      warn,
      body: ({ at, payload, delivery }) => bodyAt(at, payload.digest ?? '', delivery),
    });
    desk.start();
    return desk;
  }
  const desk = (): Promise<LinearDesk> => {
    if (opened === undefined && !wanted()) return Promise.reject(fail('LINEAR_OFF'));
    return (opened ??= open());
  };
  const waiting = (): number => Object.keys(state.get(linearProjection).waiting).length;
  return {
    linear: {
      capture: async (what) => (await desk()).capture(what),
      reconcile: async (ask) => (await desk()).reconcile(ask),
      todos: async () => (await desk()).todos(),
      tellTodo: async (told) => (await desk()).tellTodo(told),
      retry: async () => (await desk()).retry(),
      view: async () => (await desk()).view(),
    },
    metrics: [
      {
        name: 'reeve_linear_waiting',
        help: 'What waits to be written to Linear',
        kind: 'gauge',
        labels: [],
        *collect() {
          if (wanted()) yield [[], waiting()];
        },
      },
    ],
    async settled() {
      await (await opened)?.settled();
    },
    async start(releasers) {
      if (wanted()) await desk();
      const unwatch = config.onChange(() => {
        if (wanted()) desk().catch((error: unknown) => warn('linear', error));
      });
      releasers.push('linear', async () => {
        unwatch();
        await (await opened)?.stop();
      });
    },
  };
}
