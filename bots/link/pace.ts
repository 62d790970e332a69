import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from '../dispatch/editor.ts';

/** The machine's time. */
export const systemPace: Pace = {
  monotonic: () => performance.now(),
  sleep: async (ms) => void (await sleep(ms)),
};

/** Ms to wait after the nth failure in a row, from 1: doubled from half a second, up to half a minute. */
export const backOff = (failures: number): number => Math.min(30_000, 500 * 2 ** Math.min(10, failures - 1));

/** After the start, and from then on now and then, ms. A collection stops everything for 20 to 40 ms. */
const FIRST_COLLECTION = 4000;
const COLLECT_EVERY = 10 * 60_000;

/**
 * Gives memory back that the start and bursts of work have left behind: V8 collects when memory is asked for, and a bot
 * asks for little. Does nothing unless Node runs with `--expose-gc`, as under the daemon. Keeps no process alive.
 */
export function collectNowAndThen(): void {
  const { gc } = globalThis;
  if (gc === undefined) return;
  const collect = (): void => void gc({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  setTimeout(collect, FIRST_COLLECTION).unref();
  setInterval(collect, COLLECT_EVERY).unref();
}
