import type { Clock } from '../ports/clock.ts';
import type { Grants } from '../ports/grants.ts';
import type { Ledger } from '../ports/ledger.ts';

/** Looked at again at the latest after this long, ms: a machine that slept has counted nothing. */
const AT_LEAST = 3_600_000;
/** After trouble with the ledger, ms. */
const AFTER_TROUBLE = 30_000;

/** Says of requests that their time is over, and reminds of reviews that nobody closes. Returns stop. */
export function keepReminding({
  clock,
  ledger,
  grants,
  warn,
}: {
  clock: Clock;
  ledger: Pick<Ledger, 'subscribe'>;
  grants: Pick<Grants, 'remind'>;
  warn(what: string, error: unknown): void;
}): { stop(): Promise<void> } {
  let cancel = (): void => undefined;
  let busy: Promise<void> = Promise.resolve();
  let stopped = false;
  const look = (): void => {
    busy = busy
      .then(async () => {
        if (stopped) return;
        const next = await grants.remind();
        wait(next === undefined ? AT_LEAST : next - clock.now());
      })
      .catch((error: unknown) => {
        warn('requests and reviews that are overdue', error);
        wait(AFTER_TROUBLE);
      });
  };
  const wait = (ms: number): void => {
    cancel();
    if (!stopped) cancel = clock.after(Math.min(Math.max(ms, 1), AT_LEAST), look);
  };
  const unsubscribe = ledger.subscribe(({ type }) => {
    if (type === 'grant.requested' || type === 'review.opened') look();
  });
  look();
  return {
    async stop() {
      stopped = true;
      unsubscribe();
      cancel();
      await busy;
    },
  };
}
