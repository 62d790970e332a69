import type { Clock } from '../../daemon/ports/clock.ts';

/** A clock that moves only when told to. Timers fire inside `advance`, in order. */
export class ManualClock implements Clock {
  #now: number;
  #monotonic = 0;
  #timers: { at: number; fn: () => void }[] = [];

  constructor(now = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#now = now;
  }
  now(): number {
    return this.#now;
  }
  monotonic(): number {
    return this.#monotonic;
  }
  /** Sets the wall clock alone, as an administrator would. */
  set(now: number): void {
    this.#now = now;
  }
  advance(ms: number): void {
    this.#now += ms;
    this.#monotonic += ms;
    for (;;) {
      const due = this.#timers.filter((t) => t.at <= this.#monotonic).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) return;
      this.#timers.splice(this.#timers.indexOf(due), 1);
      due.fn();
    }
  }
  after(ms: number, fn: () => void): () => void {
    const timer = { at: this.#monotonic + ms, fn };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer);
    };
  }
  sleep(ms: number, { signal }: { signal?: AbortSignal; unref?: boolean } = {}): Promise<void> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      const cancel = this.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        reject(signal.reason as Error);
      });
    });
  }
}
