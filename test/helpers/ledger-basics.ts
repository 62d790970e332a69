import type { Projection } from '../../daemon/ports/state.ts';

/** Counts records by type and remembers who stopped the daemon: enough to see whether a fold was rebuilt rightly. */
export interface Counts {
  total: number;
  types: Record<string, number>;
  whys: string[];
}
export const counts: Projection<Counts> = {
  name: 'counts',
  version: 1,
  initial: () => ({ total: 0, types: {}, whys: [] }),
  apply(state, record) {
    state.total += 1;
    state.types[record.type] = (state.types[record.type] ?? 0) + 1;
    if (record.type === 'daemon.stopped') {
      state.whys.push(record.body.why);
      if (state.whys.length > 50) state.whys.shift();
    }
    return state;
  },
};

export const stopped = (why: string, uptime_ms = 1): { why: string; uptime_ms: number } => ({
  why,
  uptime_ms,
});
