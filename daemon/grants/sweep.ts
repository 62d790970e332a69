import type { GrantState } from './projection.ts';

const DAY = 86_400_000;
/** What is over (expired, decided, closed) stays visible this long … */
const KEEP_MS = 30 * DAY;
/** … but no more of it than this many of each kind, the newest. The ledger keeps everything. */
const KEEP = { grants: 5000, requests: 500, reviews: 500, subs: 5000 } as const;
/** New entries between two sweeps, so that sweeping costs little per record. */
const SLACK = 2000;

/**
 * Forgets what is long over. Depends on the record's time and the state alone, so every replay forgets the same. A grant
 * that could still be used, an open request and an open review are never forgotten.
 */
export function sweep(state: GrantState, ts: number): GrantState {
  if (ts < state.sweep_at && state.count < state.sweep_count) return state;
  prune(state.grants, KEEP.grants, ts, (entry) => entry.payload.exp);
  prune(state.requests, KEEP.requests, ts, ({ body, denied, gid }) =>
    denied === null && gid === null ? body.expires : Math.min(body.expires, ts - 1),
  );
  prune(state.reviews, KEEP.reviews, ts, ({ closed }) => closed?.at ?? Infinity);
  // Grants live a day at most, so after that a subject's revocation reaches nothing any more.
  prune(state.revoked_subs, KEEP.subs, ts, ({ at }) => at + 2 * DAY);
  const count = [state.grants, state.requests, state.reviews].reduce(
    (n, map) => n + Object.keys(map).length,
    0,
  );
  state.count = count;
  state.sweep_at = ts + DAY;
  state.sweep_count = count + SLACK;
  return state;
}

/** `over`: the time from which an entry matters no more. */
function prune<T>(map: Record<string, T>, keep: number, ts: number, over: (entry: T) => number): void {
  const past = Object.entries(map)
    .map(([id, entry]) => ({ id, end: over(entry) }))
    .filter(({ end }) => end < ts)
    .sort((a, b) => b.end - a.end || (a.id < b.id ? -1 : 1));
  past.forEach(({ id, end }, rank) => {
    if (rank >= keep || end + KEEP_MS < ts) delete map[id];
  });
}
