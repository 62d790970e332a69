const HOUR = 3_600_000;
/** Linear is asked for no more when this part of its own limit is left: people's tools go by the same key. */
const RESERVE = 0.1;

/**
 * What Linear said is left of one of its limits. How large they are differs by plan and kind of key, and is not ours to know:
 * the headers of each answer say it. `reset` is Linear's wall clock, ms of the epoch.
 */
export interface Theirs {
  remaining: number;
  limit: number;
  reset: number;
}

/** What Linear counts: requests, and how much each of them asks for. */
export type Counted = 'requests' | 'complexity';

/** How many requests may go out. Times are monotonic ms. */
export class Budget {
  readonly #sent: number[] = [];
  readonly #theirs = new Map<Counted, { remaining: number; limit: number; until: number }>();

  spent(now: number): void {
    this.#sent.push(now);
  }

  /** What the headers `x-ratelimit-requests-*` or `x-ratelimit-complexity-*` of an answer said. */
  heard(theirs: Theirs, wall: number, now: number, counted: Counted = 'requests'): void {
    const { remaining, limit, reset } = theirs;
    this.#theirs.set(counted, { remaining, limit, until: now + Math.min(Math.max(reset - wall, 0), HOUR) });
  }

  /** What Linear said may be over: somebody looked, or the key is another. */
  doubt(): void {
    this.#theirs.clear();
  }

  /** How many requests are left now: of ours, and of what Linear leaves us. */
  left(max: number, now: number): number {
    this.#forget(now);
    const theirs = this.#theirs.get('requests');
    const allowed =
      theirs === undefined || theirs.until <= now
        ? Infinity
        : Math.floor(theirs.remaining - theirs.limit * RESERVE);
    return Math.max(0, Math.min(max - this.#sent.length, allowed));
  }

  /** 0, or how long to wait before the next request, ms. */
  wait(max: number, now: number): number {
    this.#forget(now);
    const held = [...this.#theirs.values()]
      .filter(({ until, remaining, limit }) => until > now && remaining < limit * RESERVE)
      .map(({ until }) => until - now);
    const oldest = this.#sent.at(-max);
    return Math.max(0, ...held, oldest === undefined ? 0 : oldest + HOUR - now);
  }

  #forget(now: number): void {
    while ((this.#sent[0] ?? now) <= now - HOUR) this.#sent.shift();
  }
}
