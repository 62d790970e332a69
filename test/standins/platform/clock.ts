interface Deadline {
  since: Moment;
  ms: number;
  fn: () => void;
  timer: NodeJS.Timeout;
}

export interface Moment {
  real: number;
  ahead: number;
}

/** A machine that runs many tests at once is slower than a platform: what goes by real time is given this much more. */
const PATIENCE = 5;

/**
 * The platform's own clock: it goes like the machine's, and a test may move it forward, so that what takes 15 minutes
 * takes none. Deadlines that fall due by that happen before `advance` returns; those that nobody moves to happen
 * after {@link PATIENCE} times their length.
 */
export class PlatformClock {
  #ahead = 0;
  #deadlines = new Set<Deadline>();

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** A moment, to ask later how much of a deadline is over. */
  mark(): Moment {
    return { real: Date.now(), ahead: this.#ahead };
  }

  /** How much of a deadline is over since then, ms: moved time whole, real time with patience. */
  spent({ real, ahead }: Moment): number {
    return this.#ahead - ahead + (Date.now() - real) / PATIENCE;
  }

  /** Calls `fn` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void {
    const deadline: Deadline = {
      since: this.mark(),
      ms,
      fn,
      timer: setTimeout(() => this.#fire(deadline), ms * PATIENCE),
    };
    deadline.timer.unref();
    this.#deadlines.add(deadline);
    return () => this.#drop(deadline);
  }

  /** Lets `ms` pass at once. */
  advance(ms: number): void {
    const end = this.#ahead + ms;
    for (;;) {
      const next = [...this.#deadlines].toSorted((a, b) => this.#left(a) - this.#left(b))[0];
      if (next === undefined || this.#left(next) > end - this.#ahead) break;
      this.#ahead += Math.max(0, this.#left(next));
      this.#fire(next);
    }
    this.#ahead = end;
  }

  /** Forgets all deadlines: the platform is closed for good. */
  stop(): void {
    for (const deadline of this.#deadlines) this.#drop(deadline);
  }

  #left({ since, ms }: Deadline): number {
    return ms - this.spent(since);
  }

  #fire(deadline: Deadline): void {
    this.#drop(deadline);
    deadline.fn();
  }

  #drop(deadline: Deadline): void {
    clearTimeout(deadline.timer);
    this.#deadlines.delete(deadline);
  }
}
