import type { Clock } from '../ports/clock.ts';

/** Between two looks, ms. */
const TICK_MS = 100;
/** What is older concerns no run any more: no timeout is longer than this … */
const KEEP_MS = 10 * 60_000;
/** … and this many are enough. */
const KEEP = 200;

interface Stop {
  /** Monotonic ms. */
  from: number;
  to: number;
  ms: number;
}

/**
 * Knows when this process stood still: its event loop was blocked, the process was stopped, or the machine slept. Looks
 * only while probes run.
 */
export class LoopLag {
  readonly #clock: Clock;
  #active = 0;
  #last = 0;
  #lastUp = 0;
  #cancel: (() => void) | undefined;
  #stops: Stop[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A run begins. */
  begin(): void {
    this.#active += 1;
    if (this.#cancel !== undefined) return;
    this.#mark();
    this.#cancel = this.#clock.after(TICK_MS, () => this.#tick());
  }

  end(): void {
    this.#active -= 1;
  }

  /** The longest time this process stood still since `from` (monotonic ms), ms. */
  since(from: number): number {
    // A look that is overdue: the loop is only now coming round to it.
    const overdue = this.#cancel === undefined ? 0 : this.#clock.monotonic() - this.#last - TICK_MS;
    return this.#stops.reduce((most, stop) => (stop.to >= from ? Math.max(most, stop.ms) : most), overdue);
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #mark(): void {
    this.#last = this.#clock.monotonic();
    this.#lastUp = this.#clock.uptime?.() ?? 0;
  }

  #tick(): void {
    const [last, lastUp] = [this.#last, this.#lastUp];
    this.#mark();
    const slept = this.#lastUp - lastUp - (this.#last - last);
    const ms = Math.max(this.#last - last - TICK_MS, slept > 1000 ? slept : 0);
    if (ms > TICK_MS) {
      const recent = this.#stops.filter((stop) => stop.to > this.#last - KEEP_MS).slice(1 - KEEP);
      this.#stops = [...recent, { from: last, to: this.#last, ms }];
    }
    this.#cancel = this.#active > 0 ? this.#clock.after(TICK_MS, () => this.#tick()) : undefined;
  }
}
