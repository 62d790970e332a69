import type { Clock } from '../../daemon/ports/clock.ts';

/** A clock that moves only when told to. */
export class ManualClock implements Clock {
  #wall: number;
  #monotonic = 1000;
  #timers: { at: number; fn: () => void }[] = [];

  constructor(start = Date.UTC(2026, 0, 5, 12)) {
    this.#wall = start;
  }

  now(): number {
    return this.#wall;
  }
  monotonic(): number {
    return this.#monotonic;
  }
  /** Time passes: both clocks move and due timers fire in order. */
  advance(ms: number): void {
    const until = this.#monotonic + ms;
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#wall += next.at - this.#monotonic;
      this.#monotonic = next.at;
      next.fn();
    }
    this.#wall += until - this.#monotonic;
    this.#monotonic = until;
  }
  /** Someone sets the wall clock, or the machine was suspended: the monotonic clock does not move. */
  setWall(ms: number): void {
    this.#wall = ms;
  }
  jump(by: number): void {
    this.#wall += by;
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#monotonic + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }
  sleep(ms: number, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason instanceof Error ? signal.reason : new Error('aborted'));
      });
    });
  }
}
