import type { Clock } from './ports/clock.ts';

/** Nothing happened from one look to the next: the daemon is at rest. Milliseconds. */
const LOOK_EVERY = 20_000;
/** Between two collections at least; each stops everything for 30 to 60 ms. Milliseconds. */
const COLLECT_EVERY = 10 * 60_000;

export interface RestOptions {
  clock: Clock;
  /** Grows with whatever happens. */
  activity(): number;
  /** Work is under way that may not show in `activity` for a while. */
  busy(): boolean;
  collect(): void;
}

/**
 * Gives memory back when a daemon comes to rest: after its start, and after a night's drill. V8 collects when memory is
 * asked for, so what a burst of work left behind would otherwise stay until the next one (6 MiB after a start).
 *
 * @returns stop.
 */
export function collectAtRest({ clock, activity, busy, collect }: RestOptions): () => void {
  let seen = activity();
  let collectedFor = -1;
  let last = -Infinity;
  let cancel = (): void => {};
  const look = (): void => {
    const now = activity();
    const rests = now === seen && !busy();
    seen = now;
    if (rests && now !== collectedFor && clock.monotonic() - last >= COLLECT_EVERY) {
      collectedFor = now;
      last = clock.monotonic();
      collect();
    }
    cancel = clock.after(LOOK_EVERY, look);
  };
  cancel = clock.after(LOOK_EVERY, look);
  return () => cancel();
}

/** A full collection that also gives pages back to the system; undefined unless Node runs with `--expose-gc`. */
export function fullCollection(): (() => void) | undefined {
  const { gc } = globalThis;
  return gc && (() => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' }));
}
