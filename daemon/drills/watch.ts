import type { Ledger } from '../ports/ledger.ts';
import { drills, unrecorded } from './projection.ts';
import type { RecordDeps } from './record.ts';

export interface DrillWatch {
  /** Resolves when every attempt that has ended so far has its result (or its recording failed and was reported). */
  settled(): Promise<void>;
  /** Stops listening and waits for what is under way. */
  stop(): Promise<void>;
}

/**
 * Gives every attempt of a `run_drill` job its result, as soon as it has ended: also one that failed early, was cancelled,
 * or died with the daemon. Attempts that ended while nobody watched are found in the projection at the start.
 */
export function watchDrills(deps: RecordDeps & { ledger: Pick<Ledger, 'append' | 'subscribe'> }): DrillWatch {
  // One after the other, so that each chart has the result before it.
  let chain: Promise<unknown> = Promise.resolve();
  const sweep = (): void => {
    chain = chain.then(async () => {
      const runs = unrecorded(deps.state.get(drills));
      if (runs.length === 0) return;
      const { recordDrill } = await import('./record.ts');
      for (const run of runs) {
        // The state goes on while the evidence is being made.
        const copy = structuredClone(run);
        await recordDrill(deps, copy).catch((error: unknown) =>
          deps.warn(`the result of drill ${copy.job.drill} (${copy.attempt_id})`, error),
        );
      }
    });
  };
  const unsubscribe = deps.ledger.subscribe((record) => {
    if (record.type !== 'job.attempt') return;
    if (unrecorded(deps.state.get(drills)).length > 0) sweep();
  });
  sweep();
  const settled = async (): Promise<void> => {
    for (let seen: unknown; seen !== chain;) {
      seen = chain;
      await chain;
    }
  };
  return {
    settled,
    async stop() {
      unsubscribe();
      await settled();
    },
  };
}
