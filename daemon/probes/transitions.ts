import type { ProbeState } from '../../contracts/watch.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import { cut } from '../text.ts';
import { isBad, isWorse, settle, shownState, wanted } from './damping.ts';
import { causeOf, closureOf, type Graph } from './dependencies.ts';
import type { Live, Sampled } from './live.ts';

/** Between two runs of a dependency that is being judged, ms; a good finding no older than that will do. */
const JUDGE_EVERY_MS = 1000;

export interface TransitionDeps {
  clock: Pick<Clock, 'now' | 'sleep'>;
  ledger: Pick<Ledger, 'append'>;
  live(name: string): Live | undefined;
  graph(): Graph;
  /** Name of the window a probe is in now. */
  maintenance(live: Live): string | null;
  /** A run that begins now. */
  rerun(live: Live): Promise<Sampled>;
  /** A state was recorded. */
  recorded(live: Live): void;
  /** Aborted when the daemon stops. */
  signal: AbortSignal;
  warn(what: string, error: unknown): void;
}

/**
 * Turns what the findings ask for into recorded states. A change for the worse waits until everything the probe depends
 * on had its chance to be judged, so that the record can name the cause. One change at a time for each probe; what the
 * ledger does not take is asked for again by the next finding.
 */
export class Transitions {
  readonly #deps: TransitionDeps;

  constructor(deps: TransitionDeps) {
    this.#deps = deps;
  }

  /** Called after each finding. */
  look(live: Live): void {
    if (live.gone || live.settling !== null) return;
    if (wanted(live.damp, live.spec) === null && !this.#lostExcuse(live)) return;
    live.settling = this.#settle(live)
      .catch((error: unknown) => {
        if (!this.#deps.signal.aborted) this.#deps.warn(`the state of probe ${live.name}`, error);
      })
      .finally(() => {
        live.settling = null;
      });
  }

  /** Records that a probe has no state any more. */
  async forget(name: string, kind: string, from: ProbeState, why: string): Promise<void> {
    if (from === 'pending') return;
    await this.#deps.ledger.append('probe.transition', {
      probe: name,
      kind,
      from,
      to: 'pending',
      since: this.#deps.clock.now(),
      why,
    });
  }

  async #settle(live: Live): Promise<void> {
    for (let want = wanted(live.damp, live.spec); want !== null; want = wanted(live.damp, live.spec)) {
      if (this.#isWorse(live, want.to)) {
        await this.#judge(live);
        want = wanted(live.damp, live.spec);
        if (want === null) break;
      }
      if (live.gone) return;
      await this.#record(live, want.to, want.since, live.last?.why ?? '');
    }
    if (this.#lostExcuse(live)) {
      const was = live.cause === null ? `maintenance ${live.maintenance} is over` : `${live.cause} is up`;
      const state = shownState(live.damp);
      await this.#record(live, state, live.since, `still ${state} although ${was}: ${live.last?.why ?? ''}`);
    }
  }

  #isWorse({ damp }: Live, to: ProbeState): boolean {
    return to !== 'inconclusive' && isWorse(damp.belief, to);
  }

  async #record(live: Live, to: ProbeState, since: number, why: string): Promise<void> {
    const { ledger, graph, maintenance } = this.#deps;
    const from = shownState(live.damp);
    const excusable = isBad(to) || to === 'degraded';
    const cause = excusable ? causeOf(graph(), live.name, (name) => this.#failed(name)) : null;
    const window = maintenance(live);
    const before = { ...live };
    const appended = ledger.append('probe.transition', {
      probe: live.name,
      kind: live.kind.kind,
      from,
      to,
      since,
      why: cut(why, 500),
      ...(cause === null ? {} : { cause }),
      ...(window === null ? {} : { maintenance: window }),
    });
    // The fold has it already: findings that come while the disk works are held against the new state.
    live.damp = settle(live.damp, to);
    Object.assign(live, { since, cause, maintenance: window, unexcused: 0 });
    try {
      await appended;
    } catch (error) {
      const { damp, since: was, cause: by, maintenance: during } = before;
      Object.assign(live, { damp, since: was, cause: by, maintenance: during });
      throw error;
    }
    this.#deps.recorded(live);
  }

  #failed(name: string): boolean {
    const other = this.#deps.live(name);
    return other !== undefined && isBad(other.damp.belief);
  }

  /** Its bad state was put down to something that is over, and it is bad still. */
  #lostExcuse(live: Live): boolean {
    const { damp, cause, maintenance, unexcused, spec } = live;
    if ((cause === null && maintenance === null) || damp.blind) return false;
    if (!isBad(damp.belief) && damp.belief !== 'degraded') return false;
    // After the cause is gone it gets the time to come up that it would get to go down.
    return unexcused >= (cause === null ? 1 : spec.failures);
  }

  /** To be called with each finding before `look`. */
  excuse(live: Live): void {
    if (live.cause === null && live.maintenance === null) return;
    const excused =
      this.#deps.maintenance(live) !== null ||
      causeOf(this.#deps.graph(), live.name, (name) => this.#failed(name)) !== null;
    const bad = live.last !== null && !['up', 'inconclusive'].includes(live.last.verdict);
    if (excused || live.last?.verdict === 'up') live.unexcused = 0;
    else if (bad) live.unexcused += 1;
  }

  /** Resolves when everything that `live` depends on is known to be well, or is recorded as failed, or stays unclear. */
  async #judge(live: Live): Promise<void> {
    const names = closureOf(this.#deps.graph(), live.name);
    await Promise.all(
      names.flatMap((name) => {
        const other = this.#deps.live(name);
        if (other === undefined || !other.spec.enabled) return [];
        other.judging ??= this.#judgeOne(other).finally(() => {
          other.judging = null;
        });
        return [other.judging];
      }),
    );
  }

  async #judgeOne(live: Live): Promise<void> {
    const { clock, signal, rerun } = this.#deps;
    for (let left = live.spec.failures; left > 0 && !isBad(live.damp.belief) && !live.gone; left--) {
      const { last } = live;
      if (last?.verdict === 'up' && clock.now() - last.at < JUDGE_EVERY_MS) return;
      const { verdict } = await rerun(live);
      if (verdict === 'up' || verdict === 'inconclusive') return;
      await live.settling;
      if (left > 1 && !isBad(live.damp.belief))
        await clock.sleep(Math.min(JUDGE_EVERY_MS, live.spec.interval), { signal, unref: true });
    }
  }
}
