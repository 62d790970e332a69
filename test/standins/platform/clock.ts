interface Deadline {
  at: number;
  fn: () => void;
  timer: NodeJS.Timeout;
}

/**
 * The platform's own clock: it goes like the machine's, and a test may move it forward, so that what takes 15 minutes
 * takes none. Deadlines that fall due by that happen before `advance` returns.
 */
export class PlatformClock {
  #ahead = 0;
  #deadlines = new Set<Deadline>();

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Date.now() + this.#ahead;
  }

  /** Calls `fn` once after `ms`; the returned function cancels. Does not keep the process alive. */
  after(ms: number, fn: () => void): () => void {
    const deadline: Deadline = { at: this.now() + ms, fn, timer: setTimeout(() => this.#fire(deadline), ms) };
    deadline.timer.unref();
    this.#deadlines.add(deadline);
    return () => this.#drop(deadline);
  }

  /** Lets `ms` pass at once. */
  advance(ms: number): void {
    const end = this.#ahead + ms;
    for (;;) {
      const next = [...this.#deadlines].toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined || next.at > Date.now() + end) break;
      this.#ahead = Math.max(this.#ahead, Math.min(end, next.at - Date.now()));
      this.#fire(next);
    }
    this.#ahead = end;
  }

  /** Forgets all deadlines: the platform is closed for good. */
  stop(): void {
    for (const deadline of this.#deadlines) this.#drop(deadline);
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
