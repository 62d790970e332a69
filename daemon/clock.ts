import os from 'node:os';
import type { Clock } from './ports/clock.ts';

/** Longest delay one Node timer can carry (2^31 − 1 ms); a longer one would fire at once. */
const MAX_TIMER_MS = 2_147_483_647;

/** Starts a timer of any length; returns its cancel function. */
function timer(ms: number, ref: boolean, fn: () => void): () => void {
  let handle: NodeJS.Timeout;
  const arm = (left: number): void => {
    const part = Math.min(left, MAX_TIMER_MS);
    handle = setTimeout(() => (left > part ? arm(left - part) : fn()), part);
    if (!ref) handle.unref();
  };
  arm(Number.isNaN(ms) ? 0 : Math.max(0, ms));
  return () => clearTimeout(handle);
}

/** The machine's clock. `monotonic` is CLOCK_MONOTONIC, `uptime` CLOCK_BOOTTIME (it counts suspension), both in ms. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  uptime: () => os.uptime() * 1000,
  sleep(ms, { signal, unref = false } = {}) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason as Error);
        return;
      }
      const abort = (): void => {
        cancel();
        reject(signal?.reason as Error);
      };
      const cancel = timer(ms, !unref, () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      });
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
  after: (ms, fn) => timer(ms, false, fn),
};

/** A disagreement of the clocks between two looks. */
export interface ClockJump {
  /** How far the wall clock moved beyond (or behind) the time that passed, ms. */
  by_ms: number;
  /** `suspended`: the machine slept, and the wall clock is right. Otherwise somebody set the wall clock. */
  seen: 'forward' | 'back' | 'suspended';
}

export interface WatchOptions {
  /** Time between two looks, ms. */
  every?: number;
  /** Smaller differences are slewing or a slow event loop, ms. */
  tolerance?: number;
}

/**
 * Looks at the wall clock and the monotonic clock every second and reports when they disagree by more than a second.
 * Each report compares with the look before, so that slow drift (NTP slews at most 0.5 ms/s) is never one.
 *
 * @returns stop.
 */
export function watchClock(
  clock: Clock,
  onJump: (jump: ClockJump) => void,
  { every = 1000, tolerance = 1000 }: WatchOptions = {},
): () => void {
  let last = look(clock);
  let cancel = clock.after(every, tick);
  function tick(): void {
    const now = look(clock);
    const jump = compare(last, now, tolerance);
    last = now;
    cancel = clock.after(every, tick);
    if (jump !== undefined) onJump(jump);
  }
  return () => cancel();
}

interface Look {
  wall: number;
  mono: number;
  up: number | undefined;
}
const look = (clock: Clock): Look => ({ wall: clock.now(), mono: clock.monotonic(), up: clock.uptime?.() });

function compare(a: Look, b: Look, tolerance: number): ClockJump | undefined {
  const passed = b.mono - a.mono;
  const slept = a.up === undefined || b.up === undefined ? 0 : Math.max(0, b.up - a.up - passed);
  const wall = b.wall - a.wall - passed;
  // Beyond what sleeping explains, somebody set the clock: that is the more important thing to say.
  const set = slept > tolerance ? wall - slept : wall;
  if (Math.abs(set) > tolerance) return { by_ms: Math.round(set), seen: set > 0 ? 'forward' : 'back' };
  return slept > tolerance ? { by_ms: Math.round(slept), seen: 'suspended' } : undefined;
}
