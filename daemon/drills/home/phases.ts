import type { Clock } from '../../ports/clock.ts';

/** Measures named stretches of work on the monotonic clock, in whole milliseconds. */
export class Phases {
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #start: number;
  readonly #phases = new Map<string, number>();

  constructor(clock: Clock, signal: AbortSignal) {
    this.#clock = clock;
    this.#signal = signal;
    this.#start = clock.monotonic();
  }

  /** Runs `work` unless the signal is aborted. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const start = this.#clock.monotonic();
    try {
      return await work();
    } finally {
      this.#phases.set(name, Math.round(this.#clock.monotonic() - start));
    }
  }

  /** Since this was made. */
  total(): number {
    return Math.round(this.#clock.monotonic() - this.#start);
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#phases);
  }
}
