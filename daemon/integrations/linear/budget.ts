const HOUR = 3_600_000;
/** Linear is asked for no more when this part of its own limit is left: people's tools go by the same key. */
const RESERVE = 0.1;

/** How many requests may go out. Times are monotonic ms, but `reset`, which is Linear's wall clock. */
export class Budget {
  readonly #sent: number[] = [];
  #theirs: { remaining: number; limit: number; until: number } | undefined;

  spent(now: number): void {
    this.#sent.push(now);
  }

  /** What Linear said of its own limit: `x-ratelimit-requests-*`, `reset` in ms of the epoch. */
  heard(theirs: { remaining: number; limit: number; reset: number }, wall: number, now: number): void {
    const { remaining, limit, reset } = theirs;
    this.#theirs = { remaining, limit, until: now + Math.min(Math.max(reset - wall, 0), HOUR) };
  }

  /** What Linear said may be over: somebody looked, or the key is another. */
  doubt(): void {
    this.#theirs = undefined;
  }

  left(max: number, now: number): number {
    this.#forget(now);
    return Math.max(0, max - this.#sent.length);
  }

  /** 0, or how long to wait before the next request, ms. */
  wait(max: number, now: number): number {
    this.#forget(now);
    const theirs = this.#theirs;
    if (theirs !== undefined && theirs.until > now && theirs.remaining < theirs.limit * RESERVE)
      return theirs.until - now;
    const oldest = this.#sent.at(-max);
    return oldest === undefined ? 0 : Math.max(0, oldest + HOUR - now);
  }

  #forget(now: number): void {
    while ((this.#sent[0] ?? now) <= now - HOUR) this.#sent.shift();
  }
}
