import type { AlertBody } from '../../contracts/records/alert.ts';
import { plural } from '../../contracts/units.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';

/** People are told of slips at most so often, ms. */
const TELL_EVERY_MS = 60_000;
/** After so long without a slip it is over, ms. */
const OVER_AFTER_MS = 10 * 60_000;
const KEY = 'probes:slips';

export interface SlipDeps {
  clock: Pick<Clock, 'now' | 'after'>;
  alerts(): Pick<Alerts, 'raise' | 'resolve'> | undefined;
  warn(what: string, error: unknown): void;
}

/** Counts the slots that could not be run in time, and tells people, not each time. */
export class Slips {
  readonly #deps: SlipDeps;
  readonly #byProbe = new Map<string, number>();
  #total = 0;
  #last: number | null = null;
  #untold = 0;
  #cancel: (() => void) | undefined;
  #quiet = 0;

  constructor(deps: SlipDeps) {
    this.#deps = deps;
  }

  /** What an earlier process has said of its slips ended with it. */
  start(): void {
    this.#end('the daemon was started anew');
  }

  get view(): { total: number; last: number | null } {
    return { total: this.#total, last: this.#last };
  }

  add(probe: string, slots: number): void {
    this.#total += slots;
    this.#untold += slots;
    this.#last = this.#deps.clock.now();
    this.#byProbe.set(probe, (this.#byProbe.get(probe) ?? 0) + slots);
    this.#quiet = 0;
    // The first at once; what comes with it is told a little later.
    this.#cancel ??= this.#deps.clock.after(0, () => this.#tell());
  }

  stop(): void {
    this.#cancel?.();
  }

  #tell(): void {
    const { clock } = this.#deps;
    if (this.#untold > 0) this.#say();
    else this.#quiet += TELL_EVERY_MS;
    if (this.#quiet < OVER_AFTER_MS) this.#cancel = clock.after(TELL_EVERY_MS, () => this.#tell());
    else this.#over();
  }

  #say(): void {
    const { alerts, warn } = this.#deps;
    const worst = [...this.#byProbe].toSorted((a, b) => b[1] - a[1]).slice(0, 5);
    const text = `${plural(this.#untold, 'slot')} of ${plural(this.#byProbe.size, 'probe')} could not be run in time and left no sample. Most: ${worst
      .map(([name, count]) => `${name} (${count})`)
      .join(', ')}. This machine is too slow for the probes it has, or something blocks the daemon.`;
    this.#untold = 0;
    this.#byProbe.clear();
    warn('probes slipped', text);
    const body: AlertBody = { key: KEY, severity: 'warn', source: 'daemon', title: 'Probes slip', text };
    alerts()
      ?.raise(body)
      .catch((error: unknown) => warn('the alert about slipped probes', error));
  }

  #over(): void {
    this.#cancel = undefined;
    this.#quiet = 0;
    this.#end(`no probe has slipped for ${OVER_AFTER_MS / 60_000} minutes`);
  }

  #end(why: string): void {
    const { alerts, warn } = this.#deps;
    alerts()
      ?.resolve(KEY, why)
      .catch((error: unknown) => warn('the alert about slipped probes', error));
  }
}
