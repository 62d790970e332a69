import { fail } from '../../contracts/errors.ts';
import type { Verdict } from '../../contracts/watch.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { ProbeKind, ProberDeps, PushEvent } from '../ports/probe-kinds.ts';
import type { Probes, ProbeView } from '../ports/probes.ts';
import type { StateView } from '../ports/state.ts';
import { against, observe, shownState } from './damping.ts';
import { Degraded } from './degraded.ts';
import type { Live, Sampled } from './live.ts';
import { LoopLag } from './loop-lag.ts';
import type { Memos } from './memos.ts';
import { OwnSide } from './own-side.ts';
import { openedWith } from './prober.ts';
import { Roster } from './roster.ts';
import type { SampleStore } from './samples/store.ts';
import { Slips } from './slips.ts';
import { take, type TakeDeps } from './take.ts';
import { Timetable } from './timetable.ts';
import type { Tokens } from './tokens.ts';
import { Transitions } from './transitions.ts';

export interface EngineDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append'>;
  state: StateView;
  config: Pick<Config, 'current'>;
  secrets: ProberDeps['secrets'];
  kinds: readonly ProbeKind[];
  samples: SampleStore;
  memos: Memos;
  tokens: Tokens;
  /** See RosterDeps. */
  accepted(mandate: string): Promise<void>;
  alerts(): Pick<Alerts, 'raise' | 'resolve'> | undefined;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  warn(what: string, error: unknown): void;
  /** Scheduled runs at the same time. */
  max?: number;
}

/** Runs the probes of the estate in force. */
export class ProbeEngine implements Omit<Probes, 'kinds'> {
  readonly #deps: EngineDeps;
  readonly #roster: Roster;
  readonly #timetable: Timetable;
  readonly #transitions: Transitions;
  readonly #taking: TakeDeps;
  readonly #slips: Slips;
  readonly #own: OwnSide;
  readonly #degraded: Degraded;
  readonly #listeners = new Set<(probe: string, sampled: Sampled) => void>();
  readonly #taken: Partial<Record<Verdict, number>> = {};
  readonly #stop = new AbortController();
  #reloads: Promise<void> = Promise.resolve();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    const { clock, config, warn } = deps;
    this.#slips = new Slips(deps);
    this.#slips.start();
    this.#own = new OwnSide({
      ...deps,
      lives: () => this.#roster.values(),
      maintenance: (live) => this.#roster.maintenance(live),
    });
    this.#degraded = new Degraded(deps);
    this.#timetable = new Timetable({
      clock,
      run: (name) => this.#scheduled(name),
      slipped: (name, slots) => this.#slipped(name, slots),
      ...(deps.max === undefined ? {} : { max: deps.max }),
    });
    this.#transitions = new Transitions({
      clock,
      ledger: deps.ledger,
      live: (name) => this.#roster.get(name),
      graph: () => config.current().config.probes,
      maintenance: (live) => this.#roster.maintenance(live),
      rerun: (live) => this.#fresh(live),
      recorded: (live) => void this.#degraded.look(live),
      signal: this.#stop.signal,
      warn,
    });
    this.#roster = new Roster({
      ...deps,
      timetable: this.#timetable,
      forget: async (name, kind, from, why) => {
        await this.#transitions.forget(name, kind, from, why);
        await this.#degraded.over(name, why);
      },
    });
    this.#taking = {
      clock,
      lag: new LoopLag(clock),
      uplink: this.#own.uplink,
      clean: deps.clean,
      lagLimit: () => config.current().config.watch.loop_lag,
      givenUp: (live) => this.#roster.reopen(live),
    };
  }

  /** Samples since the start, by verdict. */
  taken(): Readonly<Partial<Record<Verdict, number>>> {
    return this.#taken;
  }

  health(): ReturnType<SampleStore['health']> {
    return this.#deps.samples.health();
  }

  get samples(): SampleStore {
    return this.#deps.samples;
  }

  /** Takes the estate as it is now; probes that stay what they are keep their state and their place in time. */
  reload(): Promise<void> {
    this.#reloads = this.#reloads
      .then(() => this.#roster.reload(this.#deps.config.current().config))
      .then(() => this.#own.reload())
      .then(async () => {
        for (const live of this.#roster.values()) await this.#degraded.look(live);
      })
      .catch((error: unknown) => this.#deps.warn('the probes of the new configuration', error));
    return this.#reloads;
  }

  list(): ProbeView[] {
    return Object.keys(this.#deps.config.current().config.probes).flatMap((name) => {
      const live = this.#roster.get(name);
      return live === undefined ? [] : [this.#view(live)];
    });
  }

  get(name: string): ProbeView {
    return this.#view(this.#live(name));
  }

  run(name: string): Promise<Sampled> {
    return this.#run(this.#live(name));
  }

  async push(token: string, event: PushEvent, text = ''): Promise<{ probe: string }> {
    const pushed = [...this.#roster.values()].filter((live) => live.prober.push !== undefined);
    const probe = this.#deps.tokens.find(
      token,
      pushed.map((live) => live.name),
    );
    const live = probe === undefined ? undefined : this.#roster.get(probe);
    if (live === undefined) throw fail('PROBE_UNKNOWN', { name: 'with this token', help: 'the push URL' });
    await live.prober.push?.(event, text.slice(0, 300));
    await this.#fresh(live);
    return { probe: live.name };
  }

  async token(name: string): Promise<string> {
    const live = this.#live(name);
    if (live.prober.push === undefined) throw fail('PROBE_NOT_PUSHED', { name, kind: live.kind.kind });
    return Promise.resolve(this.#deps.tokens.of(name));
  }

  onSample(listener: (probe: string, sampled: Sampled) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  slips(): { total: number; last: number | null } {
    return this.#slips.view;
  }

  /** Scheduled runs under way. */
  get running(): number {
    return this.#timetable.running;
  }

  /** Starts nothing more and waits until what is under way is stored. */
  async stop(): Promise<void> {
    this.#stop.abort(new Error('the probes stop'));
    this.#timetable.stop();
    this.#slips.stop();
    this.#own.stop();
    await this.#reloads;
    const lives = [...this.#roster.values()];
    for (const live of lives) live.gone = true;
    await Promise.all(lives.map(async (live) => live.prober.close()));
    await Promise.all(lives.map(async (live) => live.settling));
    this.#taking.lag.stop();
    await this.#deps.samples.close();
  }

  #live(name: string): Live {
    const live = this.#roster.get(name);
    if (live !== undefined) return live;
    throw fail('PROBE_UNKNOWN', { name, help: '`reeve probe list`' });
  }

  #view(live: Live): ProbeView {
    const { clock } = this.#deps;
    const next = this.#timetable.next(live.name);
    return {
      name: live.name,
      spec: live.spec,
      state: shownState(live.damp),
      since: live.since,
      last: live.last,
      against: against(live.damp),
      next: next === null ? null : Math.round(clock.now() + next),
      maintenance: this.#roster.maintenance(live),
      cause: live.cause,
    };
  }

  async #scheduled(name: string): Promise<void> {
    const live = this.#roster.get(name);
    if (live !== undefined) await this.#run(live);
  }

  /** The run under way, or a new one: one at a time for each probe. */
  #run(live: Live): Promise<Sampled> {
    const { spec } = live;
    const same = (): boolean => live.spec === spec || openedWith(live.spec) === openedWith(spec);
    live.running ??= take(live, this.#taking)
      // What another target said is no finding of this one.
      .then((sampled) => (same() ? this.#sampled(live, sampled) : sampled))
      .finally(() => {
        live.running = null;
      });
    return live.running;
  }

  /** A run that begins after this call. */
  async #fresh(live: Live): Promise<Sampled> {
    if (live.running !== null) await live.running;
    return this.#run(live);
  }

  #sampled(live: Live, sampled: Sampled): Sampled {
    if (live.gone) return sampled;
    live.last = sampled;
    this.#taken[sampled.verdict] = (this.#taken[sampled.verdict] ?? 0) + 1;
    this.#deps.samples.add(live.name, sampled);
    for (const listener of this.#listeners) listener(live.name, sampled);
    if (!live.spec.enabled) return sampled;
    live.damp = observe(live.damp, sampled.verdict, sampled.at);
    this.#transitions.excuse(live);
    this.#transitions.look(live);
    return sampled;
  }

  #slipped(name: string, slots: number): void {
    this.#slips.add(name, slots);
    this.#deps.samples.slip(name, this.#deps.clock.now(), slots);
  }
}
