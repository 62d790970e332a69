import type { DeliveryView } from '../../ports/webhooks.ts';
import type { Projection } from '../../ports/state.ts';

/** As many of the newest deliveries are listed. */
export const MAX_LISTED = 500;

export interface WebhooksState {
  /** Source → deliveries ever, and when the newest came, ms. */
  sources: Record<string, { count: number; latest: number }>;
  /** The newest, in the order they came. */
  newest: DeliveryView[];
}

export const webhooksProjection: Projection<WebhooksState> = {
  name: 'webhooks',
  version: 1,
  initial: () => ({ sources: {}, newest: [] }),
  apply(state, record) {
    if (record.type === 'webhook.received') {
      const { source } = record.body;
      const counts = (state.sources[source] ??= { count: 0, latest: 0 });
      counts.count++;
      counts.latest = record.ts;
      state.newest.push({ ...record.body, seq: record.seq, received: record.ts, again: 0 });
      // Dropped many at a time: each drop moves all that are left.
      if (state.newest.length >= MAX_LISTED * 2) state.newest = state.newest.slice(-MAX_LISTED);
    } else if (record.type === 'webhook.redelivered') {
      const listed = state.newest.findLast(({ delivery }) => delivery === record.body.delivery);
      if (listed !== undefined) listed.again++;
    }
    return state;
  },
};
