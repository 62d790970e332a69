import { systemPace } from '../../bots/link/pace.ts';
import type { Pace } from '../../bots/dispatch/editor.ts';

/** The machine's time, with no pause longer than this, ms. */
export const hurried = (longest = Infinity): Pace => ({
  ...systemPace,
  sleep: (ms) => systemPace.sleep(Math.min(ms, longest)),
});
