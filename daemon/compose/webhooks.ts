import { fail } from '../../contracts/errors.ts';
import type { Releasers } from '../lifecycle.ts';
import { githubProjection } from '../integrations/github/projection.ts';
import type { WebhookDesk } from '../integrations/webhooks/index.ts';
import type { Place } from '../integrations/webhooks/packs.ts';
import type * as Sources from '../integrations/webhooks/open.ts';
import { MAX_LISTED, webhooksProjection } from '../integrations/webhooks/projection.ts';
import { own } from '../own.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { DeliveryView, WebhookName, Webhooks } from '../ports/webhooks.ts';
import type { FeatureContext } from './features.ts';

export interface WebhooksFeature {
  webhooks: Webhooks;
  /** A body by its place, however old its delivery. Rejects as `body` does. */
  bodyAt(place: Place, digest: string, delivery: string): Promise<Buffer>;
  metrics: readonly MetricFamily[];
  start(releasers: Releasers): Promise<void>;
}

/** Who calls in from outside. Its code is loaded where somebody may. */
export function composeWebhooks({ store, config, secrets, clean }: FeatureContext): WebhooksFeature {
  const { fs, clock, home, ledger, log, hex, state } = store;
  let opened: Promise<WebhookDesk> | undefined;
  let ready: WebhookDesk | undefined;
  let sources: typeof Sources | undefined;

  async function open(): Promise<WebhookDesk> {
    const [{ WebhookDesk }, module] = await Promise.all([
      import('../integrations/webhooks/index.ts'),
      import('../integrations/webhooks/open.ts'),
    ]);
    sources = module;
    return (ready = new WebhookDesk({ fs, clock, home, ledger, config, secrets, log, hex }));
  }
  const desk = (): Promise<WebhookDesk> => (opened ??= open());
  const spec = () => config.current().config.integrations;
  const anybody = (): boolean => {
    const { github, linear, generic } = spec();
    return github !== undefined || linear !== undefined || Object.keys(generic).length > 0;
  };
  const soon = (): void => {
    if (anybody())
      desk().catch((error: unknown) => log.error('webhooks could not be opened', { error: String(error) }));
  };

  function get(delivery: string): DeliveryView {
    const matching = state.get(webhooksProjection).newest.filter((one) => one.delivery.startsWith(delivery));
    const [found] = matching;
    if (found === undefined || matching.length > 1 || delivery.length < 8)
      throw fail('DELIVERY_NOT_FOUND', { delivery, keep: MAX_LISTED });
    return found;
  }

  const bodyAt: WebhooksFeature['bodyAt'] = async (place, digest, delivery) =>
    (await desk()).body(place, digest, delivery);
  async function body(delivery: string): Promise<Buffer> {
    const { at, payload, delivery: id } = get(delivery);
    return bodyAt(at, payload.digest ?? '', id);
  }

  function limitsOf(source: WebhookName): { maxBody: number; patience: number } | undefined {
    const kind = sources?.sourceNamed(spec(), source)?.kind;
    return kind && { maxBody: kind.maxBody, patience: kind.patience };
  }

  const webhooks: Webhooks = {
    limits(source) {
      if (!anybody()) return undefined;
      return sources === undefined ? desk().then(() => limitsOf(source)) : limitsOf(source);
    },
    receive: (source, delivery) =>
      ready?.receive(source, delivery) ?? desk().then((opened) => opened.receive(source, delivery)),
    sources() {
      const counts = state.get(webhooksProjection).sources;
      return (sources?.sourcesOf(spec()) ?? []).map(({ name, secrets: names }) => ({
        source: name,
        secrets: names,
        count: own(counts, name)?.count ?? 0,
        latest: own(counts, name)?.latest ?? null,
      }));
    },
    list: () => state.get(webhooksProjection).newest.slice(-MAX_LISTED).toReversed(),
    get,
    command(delivery) {
      const ask = own(state.get(githubProjection).asks, get(delivery).delivery);
      if (ask === undefined) return null;
      const { person, command, answered } = ask;
      return { person, command, outcome: answered?.outcome ?? null, why: answered?.title ?? '' };
    },
    body,
    text: async (delivery) => clean((await body(delivery)).toString('utf8')),
    async redeliver(delivery, by) {
      const view = get(delivery);
      const { source, event } = view;
      await ledger.append('webhook.redelivered', { delivery: view.delivery, source, event, by });
      return view;
    },
    async test(source, base) {
      return (await desk()).test(source, base);
    },
  };
  return {
    webhooks,
    bodyAt,
    metrics: [
      {
        name: 'reeve_webhook_deliveries_total',
        help: 'Deliveries that were taken, ever',
        kind: 'counter',
        labels: ['source'],
        *collect() {
          for (const [source, { count }] of Object.entries(state.get(webhooksProjection).sources))
            yield [[source], count];
        },
      },
    ],
    async start(releasers) {
      if (anybody()) await desk();
      const unwatch = config.onChange(soon);
      releasers.push('webhooks', async () => {
        unwatch();
        await (await opened)?.close();
      });
    },
  };
}
