import type { Clock } from '../ports/clock.ts';

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

  /** Begins a phase, unless the signal is aborted; the returned function ends it. */
  begin(name: string): () => void {
    this.#signal.throwIfAborted();
    const start = this.#clock.monotonic();
    return () => void this.#phases.set(name, Math.round(this.#clock.monotonic() - start));
  }

  /** Runs `work` unless the signal is aborted. */
  async run<T>(name: string, work: () => Promise<T>): Promise<T> {
    const end = this.begin(name);
    try {
      return await work();
    } finally {
      end();
    }
  }

  /** Since this was made. */
  total(): number {
    return Math.round(this.#clock.monotonic() - this.#start);
  }

  /** All phases together: what lies between them is not counted. */
  sum(): number {
    return [...this.#phases.values()].reduce((sum, ms) => sum + ms, 0);
  }

  all(): Record<string, number> {
    return Object.fromEntries(this.#phases);
  }
}
