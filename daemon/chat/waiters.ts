import type { Clock } from '../ports/clock.ts';
import type { Wait } from '../ports/chat.ts';

/** Those who wait for something to change. */
export class Waiters {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #wakes = new Set<() => void>();
  #quiet = false;

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Looks until there is an answer, again after each `wake`, for as long as is waited. The last look's answer counts. */
  async until<T>({ wait, signal }: Wait, look: () => Promise<T>, good: (found: T) => boolean): Promise<T> {
    const end = this.#clock.monotonic() + wait;
    for (;;) {
      let woken = false;
      const wake = (): void => void (woken = true);
      // What changes while it is being looked at is seen by the next look.
      this.#wakes.add(wake);
      const found = await look().finally(() => this.#wakes.delete(wake));
      const left = end - this.#clock.monotonic();
      if (good(found) || left <= 0 || signal.aborted || this.#quiet) return found;
      if (!woken) await this.#next(left, signal);
    }
  }

  wake(): void {
    for (const wake of this.#wakes) wake();
  }

  /** Wakes all; nobody waits any more. */
  quiet(): void {
    this.#quiet = true;
    this.wake();
  }

  #next(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        this.#wakes.delete(done);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      this.#wakes.add(done);
      signal.addEventListener('abort', done, { once: true });
      if (this.#quiet || signal.aborted) done();
    });
  }
}
