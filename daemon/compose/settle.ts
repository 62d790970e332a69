import { recordVersions, runbookVersion } from '../estate/index.ts';
import type { createMandates } from '../estate/index.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { Store } from './store.ts';

/**
 * What reads every runbook (60 ms), once: their new versions are recorded, and the mandates that changed while the daemon
 * was down. Each run and each use of a mandate looks for itself, so only the first start, which accepts the mandates it
 * finds, waits for it. `settle` answers the ids of those.
 */
export function settling(
  store: Pick<Store, 'artifacts' | 'firstStart' | 'ledger' | 'state'>,
  runbooks: Runbooks,
  mandates: ReturnType<typeof createMandates>,
): { settle(): Promise<string[]>; stop(): Promise<unknown> } {
  let settled: Promise<string[]> | undefined;
  const work = async (): Promise<string[]> => {
    await recordVersions(store, (await runbooks.list()).map(runbookVersion));
    return mandates.start(store.firstStart);
  };
  return {
    settle: () => (settled ??= work()),
    stop: () => settled?.catch(() => undefined) ?? Promise.resolve(),
  };
}
