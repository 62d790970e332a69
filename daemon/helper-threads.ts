import { readdirSync, readFileSync } from 'node:fs';
import { setPriority } from 'node:os';

/** As Node names them (v8-platform); the kernel's name of a thread, proc_pid_comm(5). */
const HELPER = 'V8Worker';
/** A ninth of the weight of a thread that answers somebody, sched(7); a helper still gets on where others take all there is. */
const NICE = 10;

/**
 * Makes the threads on which V8 compiles and collects for this process give way to those that answer. A thread that wakes up
 * may wait behind a helper for up to 4 ms, even with the other core idle: the tail of what a bot takes to acknowledge, a
 * fifth less with this (BENCHMARKS.md). Only lowers, so it needs no privilege. Does nothing where there is no /proc, or for a
 * process that is gone.
 *
 * @returns how many threads there are that now give way.
 */
export function helpersGiveWay(pid: number): number {
  let count = 0;
  try {
    for (const name of readdirSync(`/proc/${pid}/task`)) {
      if (readFileSync(`/proc/${pid}/task/${name}/comm`, 'utf8').trim() !== HELPER) continue;
      // On Linux a priority belongs to a thread, setpriority(2).
      setPriority(Number(name), NICE);
      count++;
    }
  } catch {
    // Another system, or it ended meanwhile: whatever still runs is only slower.
  }
  return count;
}
