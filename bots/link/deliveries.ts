import type { ChatDelivery } from '../../contracts/chat.ts';
import type { Json } from '../../contracts/json.ts';
import type { Daemon } from './client.ts';
import { backOff } from './pace.ts';

/** How long one look at the daemon waits for something new, ms. */
const WAIT = 25_000;

/** What an adapter does with a delivery. `answer`: what the platform is answered with; null: that it was taken. */
export type Take = (payload: ChatDelivery['payload'], answer: (answer: Json) => Promise<void>) => void;

/**
 * Takes what the platform delivers to the daemon, as if it came over a connection of the bot, until the signal. `take`
 * only begins: the next is asked for at once.
 */
export async function takeDeliveries(
  deps: {
    daemon: Pick<Daemon, 'deliveries' | 'delivered'>;
    sleep(ms: number): Promise<void>;
    signal: AbortSignal;
    failed(what: string, error: unknown): void;
  },
  take: Take,
): Promise<void> {
  const { daemon, signal, sleep, failed } = deps;
  for (let failures = 0; !signal.aborted;) {
    try {
      const deliveries = await daemon.deliveries(WAIT, signal);
      failures = 0;
      for (const { id, payload } of deliveries) take(payload, (answer) => daemon.delivered({ id, answer }));
    } catch (error) {
      if (signal.aborted) return;
      failures += 1;
      failed('asking what was delivered', error);
      await sleep(backOff(failures));
    }
  }
}
