import type { LedgerRecord } from '../../contracts/record.ts';
import type { Log } from '../log.ts';
import { own } from '../own.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import type { Outbox } from './outbox.ts';
import { plan } from './plan.ts';
import { OVERFLOW_KEY, alertsProjection } from './projection.ts';
import type { AlertsState } from './state.ts';

/** What comes within this time is looked at once, ms. */
const LOOK_MS = 20;
/** Between two looks while something is due later, at most, ms: the clock may be set meanwhile. */
const MAX_SLEEP_MS = 60_000;
/** After the ledger refused a record, ms. */
const REFUSED_MS = 10_000;

export interface TellerDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append' | 'subscribe'>;
  state: StateView;
  config: Config;
  outbox: Outbox;
  desk: Pick<Alerts, 'raise' | 'resolve'>;
  log: Pick<Log, 'error'>;
  now(): number;
  hex(digits: number): string;
}

/** Queues what must be told as soon as it is due, and hands what is queued durably to the outbox. */
export class Teller {
  readonly #deps: TellerDeps;
  #wake: { at: number; cancel: () => void } | undefined;
  #looking: Promise<void> | undefined;
  #stopped = false;

  constructor(deps: TellerDeps) {
    this.#deps = deps;
  }

  /** Begins telling. Returns stop. */
  start(): () => Promise<void> {
    const { ledger, config, outbox } = this.#deps;
    const unsubscribe = ledger.subscribe((record) => this.#seen(record));
    const unwatch = config.onChange(() => {
      outbox.changed();
      this.#look(0);
    });
    outbox.begin();
    this.#look(0);
    return async () => {
      this.#stopped = true;
      unsubscribe();
      unwatch();
      this.#wake?.cancel();
      await this.#looking;
      await outbox.stop();
    };
  }

  get #state(): AlertsState {
    return this.#deps.state.get(alertsProjection);
  }

  #seen(record: LedgerRecord): void {
    switch (record.type) {
      case 'alert.queued':
        this.#deps.outbox.add({ of: 'alerts', id: record.body.id, channel: record.body.channel });
        break;
      case 'message.queued':
        this.#deps.outbox.add({ of: 'notice', id: record.body.id, channel: record.body.channel });
        break;
      case 'mandate.accepted':
        this.#accepted(record.body.mandate.id);
        break;
      case 'admin.event':
        // Of which secret a channel is made of is its kind's matter: all of them try.
        if (record.body.action_type === 'rotate_secret') this.#deps.outbox.changed();
        break;
      case 'alert.raised':
      case 'alert.resolved':
      case 'alert.acknowledged':
      case 'alert.delivered':
      case 'silence.set':
      case 'silence.lifted':
      case 'daemon.clock_jumped':
        this.#look(LOOK_MS);
        break;
      default:
    }
  }

  #accepted(mandate: string): void {
    if (mandate.startsWith('channel:')) this.#deps.outbox.retry(mandate.slice('channel:'.length));
  }

  /** Looks at what is due, after `ms` or sooner if that was planned already. */
  #look(ms: number): void {
    if (this.#stopped) return;
    const { clock } = this.#deps;
    const at = clock.monotonic() + ms;
    if (this.#wake !== undefined && this.#wake.at <= at) return;
    this.#wake?.cancel();
    const cancel = clock.after(ms, () => {
      this.#wake = undefined;
      this.#looking = (this.#looking ?? Promise.resolve()).then(() => this.#tell());
    });
    this.#wake = { at, cancel };
  }

  async #tell(): Promise<void> {
    if (this.#stopped) return;
    const { ledger, log, config, hex, now } = this.#deps;
    try {
      await this.#overflow();
      const at = now();
      const { queue, silenced, next } = plan(this.#state, config.current().config.alerts, at);
      const appends = [
        ...silenced.map(({ silence, alerts }) => ledger.append('alert.silenced', { silence, alerts })),
        ...queue.map((draft) => ledger.append('alert.queued', { id: `msg_${hex(24)}`, at, ...draft })),
      ];
      await Promise.all(appends);
      if (next !== undefined) this.#look(Math.min(MAX_SLEEP_MS, Math.max(LOOK_MS, next - now())));
    } catch (error) {
      log.error('alerts wait until the ledger can be written', { error: String(error) });
      this.#look(REFUSED_MS);
    }
  }

  async #overflow(): Promise<void> {
    const { overflow, open } = this.#state;
    const told = own(open, OVERFLOW_KEY) !== undefined;
    if (overflow > 0 && !told)
      await this.#deps.desk.raise({
        key: OVERFLOW_KEY,
        severity: 'page',
        source: 'daemon',
        title: 'More alerts are open than can be told one by one',
        text: `Further ones stand in the ledger (reeve ledger), and nobody is told of each. Look for what they have in common.`,
      });
    else if (overflow === 0 && told) await this.#deps.desk.resolve(OVERFLOW_KEY, 'there is room again');
  }
}
