import type { ProbeSpec } from '../../contracts/estate/probes.ts';
import type { ProbeState, Verdict } from '../../contracts/watch.ts';

/** Every state but `inconclusive`: what is believed of the target itself. */
export type Belief = Exclude<ProbeState, 'inconclusive'>;

interface Seen {
  verdict: Exclude<Verdict, 'inconclusive'>;
  /** When it was taken, ms. */
  at: number;
}

/** What is remembered of a probe's findings. Plain data, never changed in place. */
export interface Damp {
  /** Kept while we are blind. */
  belief: Belief;
  /** The shown state is `inconclusive`. */
  blind: boolean;
  /** Conclusive findings since the last that agreed with the belief, oldest first. Inconclusive ones wipe out none of them. */
  tail: readonly Seen[];
  /** Inconclusive findings in a row, up to now. */
  dark: { count: number; first: number } | null;
  /** When the last finding was taken, if it agreed with the belief. */
  agreed: number | null;
}

type Limits = Pick<ProbeSpec, 'failures' | 'successes'>;

/** How bad it is. `down` and `halted` are equally bad and different. */
const RANK: Record<Belief, number> = { pending: 0, up: 0, degraded: 1, down: 2, halted: 2 };
/** More findings than any limit needs; what came before them decides nothing. */
const MAX_TAIL = 128;

export const fresh = (belief: Belief = 'pending'): Damp => ({
  belief,
  blind: false,
  tail: [],
  dark: null,
  agreed: null,
});

export const isBad = (state: ProbeState): boolean => state === 'down' || state === 'halted';

/** Whether a change needs `failures` findings (and people are told), or `successes`. */
export const isWorse = (from: Belief, to: Belief): boolean =>
  from !== to && (RANK[to] > RANK[from] || (isBad(to) && isBad(from)));

export const shownState = ({ blind, belief }: Damp): ProbeState => (blind ? 'inconclusive' : belief);

/** Takes in one finding that was taken at `at`, ms. Changes no state: `wanted` says what it leads to. */
export function observe(damp: Damp, verdict: Verdict, at: number): Damp {
  if (verdict === 'inconclusive') {
    const dark = damp.dark === null ? { count: 1, first: at } : { ...damp.dark, count: damp.dark.count + 1 };
    return { ...damp, dark, agreed: null };
  }
  if (verdict === damp.belief) return { ...damp, tail: [], dark: null, agreed: at };
  return { ...damp, tail: [...damp.tail, { verdict, at }].slice(-MAX_TAIL), dark: null, agreed: null };
}

/**
 * The state that the findings so far ask for, and when the first of them was taken; null when it is the one it has.
 *
 * For the worse the last `failures` must all be worse than the belief, and the mildest of them counts; for the better the
 * last `successes` must all be better, and the worst of them counts: the change that all of them bear out.
 */
export function wanted(damp: Damp, limits: Limits): { to: ProbeState; since: number } | null {
  const { belief, tail, dark, blind, agreed } = damp;
  const worse = (one: Seen): boolean => isWorse(belief, one.verdict);
  const direction = tail.at(-1);
  if (direction !== undefined) {
    const down = worse(direction);
    // Nothing is known of it yet: the first sign of life suffices.
    const count = down ? limits.failures : belief === 'pending' ? 1 : limits.successes;
    const last = tail.slice(-count);
    if (last.length === count && last.every((one) => worse(one) === down)) {
      const first = tail.findLastIndex((one) => worse(one) !== down) + 1;
      return { to: borneOut(last, down), since: tail[first]?.at ?? direction.at };
    }
  }
  if (!blind && dark !== null && dark.count >= limits.failures)
    return { to: 'inconclusive', since: dark.first };
  if (blind && agreed !== null) return { to: belief, since: agreed };
  return null;
}

/** The newest among the mildest, or among the worst. */
const borneOut = (seen: readonly Seen[], mildest: boolean): Seen['verdict'] =>
  seen.reduce((kept, one) => {
    const by = RANK[one.verdict] - RANK[kept.verdict];
    return by === 0 || by < 0 === mildest ? one : kept;
  }).verdict;

/** The same memory after its state has become `to`. */
export function settle(damp: Damp, to: ProbeState): Damp {
  if (to === 'inconclusive') return { ...damp, blind: true };
  const tail = damp.tail.slice(damp.tail.findLastIndex(({ verdict }) => verdict === to) + 1);
  return { ...damp, belief: to, blind: false, tail };
}

/** Findings in a row that speak against the shown state. */
export const against = ({ tail, dark, blind }: Damp): number =>
  tail.length + (blind ? 0 : (dark?.count ?? 0));
