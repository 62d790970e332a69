import type { ProbeMemo } from '../../daemon/ports/probe-kinds.ts';

/** For probes that save nothing: fails the test of one that does. */
export const forgetful: ProbeMemo = {
  load: () => Promise.resolve(undefined),
  save: () => Promise.reject(new Error('this probe was to save nothing')),
};
