import type { Clock } from '../ports/clock.ts';
import type { Wait } from '../ports/chat.ts';

/** Those who wait for something to change, each for one thing: `about`. */
export class Waiters {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #wakes = new Map<string, Set<() => void>>();
  #quiet = false;

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** Looks until there is an answer, again after each `wake`, for as long as is waited. The last look's answer counts. */
  async until<T>(
    { wait, signal }: Wait,
    look: () => Promise<T>,
    good: (found: T) => boolean,
    about = '',
  ): Promise<T> {
    const end = this.#clock.monotonic() + wait;
    for (;;) {
      let woken = false;
      // What changes while it is being looked at is seen by the next look.
      const leave = this.#join(about, () => (woken = true));
      const found = await look().finally(leave);
      const left = end - this.#clock.monotonic();
      if (good(found) || left <= 0 || signal.aborted || this.#quiet) return found;
      if (!woken) await this.#next(about, left, signal);
    }
  }

  wake(about = ''): void {
    for (const wake of this.#wakes.get(about) ?? []) wake();
  }

  /** Wakes all; nobody waits any more. */
  quiet(): void {
    this.#quiet = true;
    for (const about of this.#wakes.keys()) this.wake(about);
  }

  #join(about: string, wake: () => void): () => void {
    const wakes = this.#wakes.get(about) ?? new Set();
    this.#wakes.set(about, wakes.add(wake));
    return () => {
      wakes.delete(wake);
      if (wakes.size === 0 && this.#wakes.get(about) === wakes) this.#wakes.delete(about);
    };
  }

  #next(about: string, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        cancel();
        leave();
        signal.removeEventListener('abort', done);
        resolve();
      };
      const cancel = this.#clock.after(ms, done);
      const leave = this.#join(about, done);
      signal.addEventListener('abort', done, { once: true });
      if (this.#quiet || signal.aborted) done();
    });
  }
}
