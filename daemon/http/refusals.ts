import type { HttpRefusal, ServerDeps } from './context.ts';
import { MinuteWindow } from './window.ts';

/** Refusals of this layer that get a ledger record of their own in one minute. */
export const REFUSALS_PER_MINUTE = 60;

/**
 * Hands refusals to the ledger, so that a flood of them cannot fill it: at most `REFUSALS_PER_MINUTE` records a minute.
 * What was left out is counted and stands in the next record's `count`.
 */
export class Refusals {
  readonly #deps: Pick<ServerDeps, 'refused' | 'log' | 'clock'>;
  readonly #window: MinuteWindow;
  #missed = 0;

  constructor(deps: Pick<ServerDeps, 'refused' | 'log' | 'clock'>) {
    this.#deps = deps;
    this.#window = new MinuteWindow(deps, REFUSALS_PER_MINUTE);
  }

  /** Resolves to the seq of the record, or undefined when there is none. Never rejects. */
  async report(refusal: Omit<HttpRefusal, 'count'>): Promise<number | undefined> {
    if (!this.#window.take()) {
      this.#missed++;
      return undefined;
    }
    const count = 1 + this.#missed;
    this.#missed = 0;
    try {
      return await this.#deps.refused({ ...refusal, count });
    } catch (error) {
      // Still refused: a ledger that cannot be written opens no door.
      this.#missed += count;
      this.#deps.log.error('a refusal could not be recorded', { error, code: refusal.error.code });
      return undefined;
    }
  }
}
