import type { ProbeState } from '../../contracts/watch.ts';
import type { Projection } from '../ports/state.ts';
import type { Belief } from './damping.ts';

/** The last recorded state of a probe. */
export interface KnownState {
  kind: string;
  state: ProbeState;
  /** What was believed before we became blind; otherwise the state. */
  belief: Belief;
  since: number;
  /** When it was recorded. */
  at: number;
  why: string;
  cause: string | null;
  maintenance: string | null;
}

/** Probes by name; those that were removed are not there. */
export type KnownStates = Record<string, KnownState>;

export const probeStates: Projection<KnownStates> = {
  name: 'probes',
  version: 1,
  initial: () => ({}),
  apply(state, record) {
    if (record.type !== 'probe.transition') return state;
    const { probe, kind, from, to, since, why, cause = null, maintenance = null } = record.body;
    if (to === 'pending') {
      delete state[probe];
      return state;
    }
    const before = knownState(state, probe)?.belief ?? (from === 'inconclusive' ? 'pending' : from);
    const belief = to === 'inconclusive' ? before : to;
    // Slugs begin with a letter: no name is `__proto__`.
    state[probe] = { kind, state: to, belief, since, at: record.ts, why, cause, maintenance };
    return state;
  },
};

export const knownState = (states: KnownStates, name: string): KnownState | undefined =>
  Object.hasOwn(states, name) ? states[name] : undefined;
