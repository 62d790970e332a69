import type { Ledger } from '../../ports/ledger.ts';
import type { StateView } from '../../ports/state.ts';
import type { Desk } from '../desk.ts';
import { signalsProjection } from './projection.ts';

export interface RaiseDeps {
  ledger: Pick<Ledger, 'subscribe'>;
  state: StateView;
  desk: Pick<Desk, 'raiseAnew' | 'resolve'>;
  warn(what: string, error: unknown): void;
}

/** Turns what is due into alerts, now and after each record. Returns stop. */
export function raiseSignals({ ledger, state, desk, warn }: RaiseDeps): () => Promise<void> {
  let busy: Promise<void> = Promise.resolve();
  let queued = false;
  async function sweep(): Promise<void> {
    queued = false;
    for (const [key, due] of Object.entries(state.get(signalsProjection).due)) {
      const work = 'raise' in due ? desk.raiseAnew(due.raise) : desk.resolve(key, due.why, true);
      await work.catch((error: unknown) => warn(`the alert ${key}`, error));
    }
  }
  const later = (): void => {
    if (queued || Object.keys(state.get(signalsProjection).due).length === 0) return;
    queued = true;
    busy = busy.then(sweep);
  };
  const unsubscribe = ledger.subscribe(later);
  later();
  return async () => {
    unsubscribe();
    await busy;
  };
}
