import type { Clock } from '../ports/clock.ts';

/** Counts events in fixed windows of one minute (monotonic time). */
export class MinuteWindow {
  readonly #of: { readonly clock: Clock };
  readonly #max: number;
  #start = -Infinity;
  #count = 0;

  /** @param of Whose clock counts; it may come after this. */
  constructor(of: { readonly clock: Clock }, max: number) {
    this.#of = of;
    this.#max = max;
  }

  /** Counts one; false when the window is full. */
  take(): boolean {
    const now = this.#of.clock.monotonic();
    if (now - this.#start >= 60_000) {
      this.#start = now;
      this.#count = 0;
    }
    this.#count++;
    return this.#count <= this.#max;
  }

  /** Whole seconds until the window is empty again, at least 1. */
  secondsLeft(): number {
    return Math.max(1, Math.ceil((this.#start + 60_000 - this.#of.clock.monotonic()) / 1000));
  }
}
