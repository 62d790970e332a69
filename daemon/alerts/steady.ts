import type { Clock } from '../ports/clock.ts';

/**
 * Wall-clock time that never goes back: while the clock was set back, time goes on from where it was by the monotonic
 * clock, as the ledger's time stamps do. So deadlines that were worked out from records still come.
 *
 * @param recorded Highest time stamp of the ledger, ms.
 */
export function steadyTime(clock: Clock, recorded: () => number): () => number {
  let high = Math.max(clock.now(), recorded());
  let mono = clock.monotonic();
  return () => {
    const passed = clock.monotonic();
    high = Math.max(clock.now(), recorded(), high + (passed - mono));
    mono = passed;
    return Math.floor(high);
  };
}
