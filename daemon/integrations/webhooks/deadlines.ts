import type { Clock } from '../../ports/clock.ts';

interface Running {
  /** Monotonic, ms. */
  due: number;
  late(): void;
}

/** Time limits of many things at once under a single timer: one for each would cost more than what it guards. */
export class Deadlines {
  readonly #clock: Pick<Clock, 'after' | 'monotonic'>;
  readonly #running = new Set<Running>();
  #armed: { due: number; cancel(): void } | undefined;

  constructor(clock: Pick<Clock, 'after' | 'monotonic'>) {
    this.#clock = clock;
  }

  /** What `work` comes to; rejects with `late()` when that takes longer than `ms`. */
  within<T>(ms: number, work: Promise<T>, late: () => Error): Promise<T> {
    return new Promise((resolve, reject) => {
      const running: Running = { due: this.#clock.monotonic() + ms, late: () => reject(late()) };
      this.#running.add(running);
      this.#arm(running.due);
      work.then(
        (value) => {
          this.#running.delete(running);
          resolve(value);
        },
        (error: Error) => {
          this.#running.delete(running);
          reject(error);
        },
      );
    });
  }

  close(): void {
    this.#armed?.cancel();
  }

  #arm(due: number): void {
    if (this.#armed !== undefined) {
      if (this.#armed.due <= due) return;
      this.#armed.cancel();
    }
    const cancel = this.#clock.after(due - this.#clock.monotonic(), () => this.#look());
    this.#armed = { due, cancel };
  }

  #look(): void {
    this.#armed = undefined;
    const now = this.#clock.monotonic();
    let next = Number.POSITIVE_INFINITY;
    for (const running of this.#running) {
      if (running.due > now) next = Math.min(next, running.due);
      else {
        this.#running.delete(running);
        running.late();
      }
    }
    if (next < Number.POSITIVE_INFINITY) this.#arm(next);
  }
}
