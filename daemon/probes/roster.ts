import type { EstateConfig } from '../../contracts/estate.ts';
import type { MaintenanceSpec, ProbeSpec } from '../../contracts/estate/probes.ts';
import type { ProbeState } from '../../contracts/watch.ts';
import { own } from '../own.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { ProbeKind, Prober, ProberDeps } from '../ports/probe-kinds.ts';
import type { StateView } from '../ports/state.ts';
import { revive, type Live } from './live.ts';
import { readWindow, windowOf, type Window } from './maintenance.ts';
import type { Memos } from './memos.ts';
import { openedWith, openProber } from './prober.ts';
import { knownState, probeStates } from './projection.ts';
import { spread } from './spread.ts';
import type { Timetable } from './timetable.ts';

export interface RosterDeps {
  clock: Clock;
  state: StateView;
  config: Pick<Config, 'current'>;
  secrets: ProberDeps['secrets'];
  kinds: readonly ProbeKind[];
  memos: Memos;
  /** Rejects when the mandate `probe:<name>` is not accepted as it is now. */
  accepted(mandate: string): Promise<void>;
  timetable: Pick<Timetable, 'add' | 'remove'>;
  /** Records that a probe has no state any more. */
  forget(name: string, kind: string, from: ProbeState, why: string): Promise<void>;
  warn(what: string, error: unknown): void;
}

/** The probes and maintenance windows of the estate in force. */
export class Roster {
  readonly #deps: RosterDeps;
  readonly #kinds: ReadonlyMap<string, ProbeKind>;
  readonly #lives = new Map<string, Live>();
  #windows: readonly Window[] = [];

  constructor(deps: RosterDeps) {
    this.#deps = deps;
    this.#kinds = new Map(deps.kinds.map((kind) => [kind.kind, kind]));
    if (this.#kinds.size !== deps.kinds.length) throw new TypeError('two kinds of probe have one name');
  }

  get(name: string): Live | undefined {
    return this.#lives.get(name);
  }

  values(): Iterable<Live> {
    return this.#lives.values();
  }

  /** Name of the window a probe is in now. */
  maintenance(live: Live): string | null {
    return windowOf(this.#windows, live.name, live.spec, this.#deps.clock.now());
  }

  /** Takes this estate; probes that stay what they are keep their state and their place in time. */
  async reload({ probes, maintenance }: EstateConfig): Promise<void> {
    this.#windows = await this.#readWindows(maintenance);
    await this.#forgetOthers(probes);
    for (const live of this.#lives.values()) {
      const spec = own(probes, live.name);
      if (spec?.kind !== live.kind.kind) this.#drop(live);
    }
    const starting = Object.entries(probes)
      .filter(([name, spec]) => this.#adopt(name, spec))
      .map(([name, { interval }]) => ({ name, interval }));
    const { timetable } = this.#deps;
    const offsets = spread(starting);
    for (const { name, interval } of starting) timetable.add(name, interval, offsets.get(name) ?? 0);
  }

  /** Opens a probe anew: its options changed, or the old one hangs. */
  reopen(live: Live): void {
    const old = live.prober;
    live.prober = this.#open(live.name, live.kind, live.spec);
    // Not under a run that uses it: that would look like a service that hangs up.
    void (live.running ?? Promise.resolve()).then(() => this.#close(live.name, old));
  }

  async #readWindows(specs: Readonly<Record<string, MaintenanceSpec>>): Promise<Window[]> {
    const windows: Window[] = [];
    for (const [name, spec] of Object.entries(specs)) {
      try {
        windows.push(await readWindow(name, spec));
      } catch (error) {
        this.#deps.warn(`maintenance ${name}`, error);
      }
    }
    return windows;
  }

  /** States that the ledger knows of probes that are no more, or of another kind now. */
  async #forgetOthers(probes: Readonly<Record<string, ProbeSpec>>): Promise<void> {
    const { state, forget, memos } = this.#deps;
    for (const [name, was] of Object.entries(state.get(probeStates))) {
      const spec = own(probes, name);
      const other = spec?.kind !== was.kind;
      if (!other && spec?.enabled) continue;
      const why =
        spec === undefined ? 'no longer in reeve.yaml' : other ? `of kind ${spec.kind} now` : 'disabled';
      await forget(name, was.kind, was.state, why);
      if (other) await memos.forget(name, was.kind);
    }
  }

  /** Takes over an entry of the estate; true when it has to get a (new) place in time. */
  #adopt(name: string, spec: ProbeSpec): boolean {
    const { clock, state, warn, timetable } = this.#deps;
    const live = this.#lives.get(name);
    if (live === undefined) {
      const kind = this.#kinds.get(spec.kind);
      if (kind === undefined) {
        warn(`probe ${name}`, new Error(`there is no kind ${spec.kind}`));
        return false;
      }
      const prober = this.#open(name, kind, spec);
      const known = spec.enabled ? knownState(state.get(probeStates), name) : undefined;
      this.#lives.set(name, revive({ name, kind, spec, prober }, known, clock.now()));
      return spec.enabled;
    }
    const before = live.spec;
    live.spec = spec;
    if (openedWith(before) !== openedWith(spec)) this.reopen(live);
    if (before.enabled !== spec.enabled) {
      const { running, settling } = live;
      Object.assign(live, revive(live, undefined, clock.now()), { running, settling });
    }
    if (!spec.enabled) timetable.remove(name);
    return spec.enabled && (!before.enabled || before.interval !== spec.interval);
  }

  #open(name: string, kind: ProbeKind, spec: ProbeSpec): Prober {
    const { clock, secrets, config, memos, accepted } = this.#deps;
    return openProber(kind, spec, {
      clock,
      secrets,
      allowed: () => config.current().config.network.allow,
      root: config.current().root,
      probe: name,
      accepted: () => accepted(`probe:${name}`),
      memo: memos.of(name, kind.kind),
    });
  }

  #drop(live: Live): void {
    live.gone = true;
    this.#deps.timetable.remove(live.name);
    this.#lives.delete(live.name);
    this.#close(live.name, live.prober);
  }

  #close(name: string, prober: Prober): void {
    void Promise.resolve()
      .then(() => prober.close())
      .catch((error: unknown) => this.#deps.warn(`closing probe ${name}`, error));
  }
}
