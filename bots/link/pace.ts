import { setTimeout as sleep } from 'node:timers/promises';
import type { Pace } from '../dispatch/editor.ts';

/** The machine's time. */
export const systemPace: Pace = {
  monotonic: () => performance.now(),
  sleep: async (ms) => void (await sleep(ms)),
};

/** Ms to wait after the nth failure in a row, from 1: doubled from half a second, up to half a minute. */
export const backOff = (failures: number): number => Math.min(30_000, 500 * 2 ** Math.min(10, failures - 1));
