/** The only source of time and timers for features. */
export interface Clock {
  /** Wall clock, milliseconds since the Unix epoch. May jump either way. */
  now(): number;
  /** Monotonic milliseconds since an arbitrary origin; never goes back. Use it for durations. Stands still while the machine sleeps. */
  monotonic(): number;
  /** Monotonic milliseconds since boot, counting suspension: tells a machine that slept from a clock that was set. */
  uptime?(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. Does not keep the process alive when `unref`. */
  sleep(ms: number, options?: { signal?: AbortSignal; unref?: boolean }): Promise<void>;
  /** Calls `fn` once after `ms`; the returned function cancels. Never keeps the process alive. */
  after(ms: number, fn: () => void): () => void;
}
