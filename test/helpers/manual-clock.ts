import type { Clock } from '../../daemon/ports/clock.ts';

interface Timer {
  at: number;
  fn: () => void;
}

/** A clock that moves only when a test says so. Timers go by the monotonic clock, as the machine's do. */
export class ManualClock implements Clock {
  #wall: number;
  #mono = 0;
  #up = 1_000_000;
  #timers: Timer[] = [];

  constructor(start = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }
  monotonic(): number {
    return this.#mono;
  }
  uptime(): number {
    return this.#up;
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#mono + Math.max(0, ms), fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }
  sleep(ms: number, { signal }: { signal?: AbortSignal; unref?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }

  /** Lets `ms` pass on every clock, firing what falls due in order, with the event loop drained after each. */
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms;
    await drain();
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= end).toSorted((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.#timers = this.#timers.filter((t) => t !== due);
      this.#move(Math.max(0, due.at - this.#mono));
      due.fn();
      await drain();
    }
    this.#move(end - this.#mono);
    await drain();
  }

  /** The machine sleeps for `ms`: wall clock and uptime go on, the monotonic clock and the timers do not. */
  suspend(ms: number): void {
    this.#wall += ms;
    this.#up += ms;
  }

  /** The process stands still for `ms`: all clocks go on, and no timer fires before it is over. */
  block(ms: number): void {
    this.#move(ms);
  }

  /** Somebody sets the wall clock by `ms` (negative: back). */
  jump(ms: number): void {
    this.#wall += ms;
  }

  /** Time until the next timer, ms. */
  get nextIn(): number | undefined {
    const next = this.#timers.reduce((least, { at }) => Math.min(least, at), Infinity);
    return Number.isFinite(next) ? Math.max(0, next - this.#mono) : undefined;
  }

  /** Timers that wait. */
  get pending(): number {
    return this.#timers.length;
  }

  #move(ms: number): void {
    this.#wall += ms;
    this.#mono += ms;
    this.#up += ms;
  }
}

const drain = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
