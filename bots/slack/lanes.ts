import type { Pace } from '../dispatch/editor.ts';
import { pauseOf } from './failures.ts';

/** Most that wait in one lane; beyond it something is wrong, and the newest is refused. */
const LONGEST = 1000;

/**
 * Calls to Slack, one after the other in each channel: what was asked first stands first, and a channel that has to wait
 * (429, Retry-After) holds up no other.
 */
export class Lanes {
  readonly #pace: Pace;
  readonly #tails = new Map<string, { last: Promise<unknown>; length: number }>();

  constructor(pace: Pace) {
    this.#pace = pace;
  }

  /** Calls when its turn has come, and again after a 429. Rejects with whatever else the call rejects with. */
  run<T>(lane: string, call: () => Promise<T>): Promise<T> {
    const before = this.#tails.get(lane);
    if ((before?.length ?? 0) >= LONGEST)
      return Promise.reject(new Error(`${LONGEST} calls wait for ${lane}`));
    const mine = (before?.last ?? Promise.resolve()).then(() => this.#call(call));
    const tail = { last: mine.catch(() => undefined), length: (before?.length ?? 0) + 1 };
    this.#tails.set(lane, tail);
    void tail.last.then(() => {
      const now = this.#tails.get(lane);
      if (now === undefined) return;
      now.length -= 1;
      if (now === tail) this.#tails.delete(lane);
    });
    return mine;
  }

  async #call<T>(call: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        const pause = pauseOf(error);
        if (pause === undefined) throw error;
        await this.#pace.sleep(pause);
      }
    }
  }
}
