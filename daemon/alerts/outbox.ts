import type { Estate } from '../ports/config.ts';
import type { Clock } from '../ports/clock.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { own } from '../own.ts';
import { Lane, type LaneHealth } from './lane.ts';
import { noticeOf } from './notice.ts';
import type { Channels } from './open.ts';
import { alertsProjection, rowsOf } from './projection.ts';
import type { Waiting } from './state.ts';

/** Messages that are no alerts and wait for one channel; the oldest beyond that are given up. */
export const MAX_NOTICES = 500;

export interface OutboxDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append'>;
  state: StateView;
  config: { current(): Estate };
  channels: Pick<Channels, 'send' | 'breakOff'>;
  now(): number;
  clean(text: string): string;
  warn(what: string, error: unknown): void;
  /** A channel works again, or fails. */
  health(channel: string, health: LaneHealth): void;
}

/** Every queued message on its way to its channel: one lane each, so that a dead one blocks no other. */
export class Outbox {
  readonly #deps: OutboxDeps;
  readonly #lanes = new Map<string, Lane>();
  readonly #counts = new Map<string, { sent: number; given_up: number }>();
  #stopped = false;

  constructor(deps: OutboxDeps) {
    this.#deps = deps;
  }

  /** Everything that waits: after a start, and after a change of the configuration. */
  begin(): void {
    for (const waiting of Object.values(this.#deps.state.get(alertsProjection).waiting)) this.add(waiting);
  }

  /** A durably queued message. */
  add(waiting: Pick<Waiting, 'id' | 'channel' | 'of'>): void {
    if (this.#stopped) return;
    const { channel, id } = waiting;
    if (own(this.#deps.config.current().config.alerts.channels, channel) === undefined) {
      this.#record(channel, id, 'given_up', 0, `there is no channel ${channel} any more`).catch(
        (error: unknown) => this.#deps.warn(`the message ${id}`, error),
      );
      return;
    }
    const lane = this.#lane(channel);
    lane.add(id);
    if (waiting.of === 'notice' && lane.health().waiting > MAX_NOTICES)
      lane
        .trim(MAX_NOTICES, `more than ${MAX_NOTICES} messages wait for ${channel}`)
        .catch((error: unknown) => this.#deps.warn(`messages for ${channel}`, error));
  }

  /** The configuration changed: whatever failed may work now, and what has lost its channel is given up. */
  changed(): void {
    const { channels } = this.#deps.config.current().config.alerts;
    for (const [name, lane] of this.#lanes) {
      if (own(channels, name) !== undefined) {
        lane.retryNow();
        continue;
      }
      this.#lanes.delete(name);
      void lane.stop();
    }
    this.begin();
  }

  health(channel: string): LaneHealth {
    return this.#lanes.get(channel)?.health() ?? { waiting: 0, last: null, failing: null, refused: false };
  }

  /** The channel works, as far as somebody has just seen: what waits there is tried now. */
  retry(channel: string): void {
    this.#lanes.get(channel)?.retryNow();
  }

  /** Deliveries since the start. */
  counts(): ReadonlyMap<string, { sent: number; given_up: number }> {
    return this.#counts;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    const ended = [...this.#lanes.values()].map((lane) => lane.stop());
    this.#deps.channels.breakOff();
    await Promise.all(ended);
  }

  #lane(channel: string): Lane {
    const known = this.#lanes.get(channel);
    if (known !== undefined) return known;
    const { clock, state, config, channels, now, clean } = this.#deps;
    const lane: Lane = new Lane({
      clock,
      now,
      clean,
      notice: (id) => {
        const alerts = state.get(alertsProjection);
        const waiting = own(alerts.waiting, id);
        if (waiting === undefined) return undefined;
        return noticeOf(waiting, { state: alerts, config: config.current().config, clean });
      },
      send: (notice) => channels.send(channel, notice),
      record: (id, outcome, tries, why) => this.#record(channel, id, outcome, tries, why),
      giveUp: () => config.current().config.alerts.give_up,
      changed: () => this.#deps.health(channel, lane.health()),
    });
    this.#lanes.set(channel, lane);
    return lane;
  }

  async #record(
    channel: string,
    message: string,
    outcome: 'sent' | 'given_up',
    tries: number,
    why?: string,
  ): Promise<void> {
    const alerts = this.#deps.state.get(alertsProjection);
    const waiting = own(alerts.waiting, message);
    if (waiting === undefined) return;
    const keys =
      waiting.of === 'notice'
        ? []
        : rowsOf(alerts, waiting.alerts)
            .slice(0, 100)
            .map((row) => row.body.key);
    await this.#deps.ledger.append('alert.delivered', {
      message,
      channel,
      event: waiting.of === 'notice' ? 'notice' : waiting.event,
      keys,
      outcome,
      tries,
      ...(why === undefined ? {} : { why: why.slice(0, 500) }),
    });
    const counts = this.#counts.get(channel) ?? { sent: 0, given_up: 0 };
    counts[outcome] += 1;
    this.#counts.set(channel, counts);
  }
}
