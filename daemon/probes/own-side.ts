import type { Severity } from '../../contracts/watch.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { StateView } from '../ports/state.ts';
import { cut } from '../text.ts';
import { iso } from '../time.ts';
import type { Live } from './live.ts';
import { knownState, probeStates } from './projection.ts';
import { Uplink } from './uplink.ts';

const UPLINK = 'probes:uplink';
const BLIND = 'probes:blind';
/** A probe that has proven nothing for so long is told of, ms. */
const BLIND_MS = 10 * 60_000;
/** How often that is looked at, ms. */
const LOOK_MS = 30_000;
const SHOWN = 10;

export interface OwnSideDeps {
  clock: Clock;
  state: StateView;
  config: Pick<Config, 'current'>;
  lives(): Iterable<Live>;
  /** Name of the window a probe is in now. */
  maintenance(live: Live): string | null;
  alerts(): Pick<Alerts, 'raise' | 'resolve'> | undefined;
  warn(what: string, error: unknown): void;
}

/**
 * Trouble of our own is never put down to what is watched, so somebody must be told of it: while we are blind, everything
 * may be down and nothing says so. One alert when our network is down, one for the probes that prove nothing otherwise.
 */
export class OwnSide {
  readonly uplink: Uplink;
  readonly #deps: OwnSideDeps;
  #dark = false;
  #begun = false;
  #cancel = (): void => {};

  constructor(deps: OwnSideDeps) {
    this.#deps = deps;
    const { clock, config } = deps;
    this.uplink = new Uplink({
      clock,
      targets: () => config.current().config.watch.uplink,
      allowed: () => config.current().config.network.allow,
      changed: (works) => this.#uplink(works),
    });
  }

  /** After the start and each change of the estate. */
  reload(): void {
    if (!this.#begun || this.#dark) void this.uplink.confirm();
    if (this.#begun) return;
    this.#begun = true;
    const look = (): void => {
      this.#look();
      this.#cancel = this.#deps.clock.after(LOOK_MS, look);
    };
    this.#cancel = this.#deps.clock.after(LOOK_MS, look);
  }

  stop(): void {
    this.uplink.stop();
    this.#cancel();
  }

  #uplink(works: boolean): void {
    const { alerts, warn, config } = this.#deps;
    const targets = config.current().config.watch.uplink.join(', ');
    if (!works || this.#dark) warn(works ? 'the uplink works again' : 'the uplink is down', targets);
    this.#dark = !works;
    const told = works
      ? alerts()?.resolve(UPLINK, 'a place outside can be reached again')
      : alerts()?.raise({
          key: UPLINK,
          severity: 'page',
          source: 'daemon',
          title: 'Our own network is down: probes prove nothing',
          text: `None of ${targets} can be reached.`,
        });
    told?.catch((error: unknown) => warn('the alert about the uplink', error));
  }

  #look(): void {
    // The uplink explains it, and is told by itself.
    if (this.#dark) return;
    const { alerts, warn } = this.#deps;
    const blind = [...this.#deps.lives()]
      .filter((live) => this.#isBlind(live))
      .toSorted((a, b) => a.since - b.since);
    const told =
      blind.length === 0
        ? alerts()?.resolve(BLIND, 'every probe proves something again')
        : alerts()?.raise({
            key: BLIND,
            severity: worst(blind),
            source: 'daemon',
            title: `${blind.length} ${blind.length === 1 ? 'probe proves' : 'probes prove'} nothing`,
            text: this.#words(blind),
          });
    told?.catch((error: unknown) => warn('the alert about blind probes', error));
  }

  #isBlind(live: Live): boolean {
    // A heartbeat waits to be called: that it was not yet is its own matter.
    if (!live.damp.blind || !live.spec.enabled || live.prober.push !== undefined) return false;
    return (
      this.#deps.clock.now() - live.since >= BLIND_MS &&
      this.#deps.maintenance(live) === null &&
      live.cause === null
    );
  }

  /** From what is recorded, not from the last finding: an alert that has only grown older is the same alert. */
  #words(blind: readonly Live[]): string {
    const states = this.#deps.state.get(probeStates);
    const lines = blind.slice(0, SHOWN).map(({ name, since }) => {
      const why = cut(knownState(states, name)?.why ?? '', 200);
      return `${name}: ${why} (since ${iso(since)})`;
    });
    return [
      'What they watch may be down, and nothing would say so.',
      ...lines,
      ...(blind.length > SHOWN ? [`… and ${blind.length - SHOWN} more`] : []),
      'See: reeve probe list --state inconclusive',
    ].join('\n');
  }
}

const RANK = { page: 3, warn: 2, info: 1 } as const;

const worst = (lives: readonly Live[]): Severity =>
  lives.reduce<Severity>(
    (most, { spec }) => (RANK[spec.severity] > RANK[most] ? spec.severity : most),
    'info',
  );
