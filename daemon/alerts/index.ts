import type { Log } from '../log.ts';
import type { Alerts } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { MetricFamily } from '../ports/metrics.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { StateView } from '../ports/state.ts';
import type { ChannelDeps } from './channel.ts';
import { Desk } from './desk.ts';
import { watchEmergency } from './emergency.ts';
import { startHeartbeat } from './heartbeat.ts';
import { channelHealth, settleGone } from './health.ts';
import { alertMetrics } from './metrics.ts';
import { Channels } from './open.ts';
import { Outbox } from './outbox.ts';
import { alertsProjection } from './projection.ts';
import { signalsProjection } from './signals/projection.ts';
import { raiseSignals } from './signals/raise.ts';
import { startSelfTests } from './self-test.ts';
import { steadyTime } from './steady.ts';
import { Teller } from './teller.ts';

export { alertsProjection, signalsProjection };

export interface AlertsDeps {
  clock: Clock;
  ledger: Ledger;
  state: StateView;
  config: Config;
  secrets: Pick<Secrets, 'get'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  /** Random lower-case hex digits. */
  hex(digits: number): string;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** Rejects when the mandate `channel:<name>` is not accepted as it is now. */
  accepted(mandate: string): Promise<void>;
  say: ChannelDeps['say'];
  warn(what: string, error: unknown): void;
}

export interface OpenedAlerts {
  alerts: Alerts;
  metrics: readonly MetricFamily[];
  /** Begins telling, with what waited when the last daemon ended. Returns stop. */
  start(): () => Promise<void>;
}

/** Alerts, their outbox, and what Reeve raises about itself. No kind of channel is loaded before its first message. */
export function openAlerts(deps: AlertsDeps): OpenedAlerts {
  const { clock, ledger, state, config, secrets, log, hex, clean, accepted, say, warn } = deps;
  const now = steadyTime(clock, () => Math.max(ledger.lastTs(), state.get(alertsProjection).latest));
  const allowed = (): readonly string[] => config.current().config.network.allow;
  const channels = new Channels({
    clock,
    specs: () => config.current().config.alerts.channels,
    channel: (name) => ({
      clock,
      secrets,
      allowed,
      root: config.current().root,
      name,
      say,
      accepted: () => accepted(`channel:${name}`),
      log: (level, message, fields) => log[level](message, fields),
    }),
  });
  const outbox: Outbox = new Outbox({
    clock,
    ledger,
    state,
    config,
    channels,
    now,
    clean,
    warn,
    health: (channel, health) => tellHealth(channel, health),
  });
  const desk = new Desk({ clock, ledger, state, config, channels, outbox, log, now, hex, clean });
  const health = { state, config, desk, now, clean, warn };
  const tellHealth = channelHealth(health);
  const teller = new Teller({ clock, ledger, state, config, outbox, desk, log, now, hex });
  return {
    alerts: desk,
    metrics: alertMetrics({ state, outbox, now }),
    start() {
      settleGone(health);
      const unwatch = config.onChange(() => settleGone(health));
      const stops = [
        () => Promise.resolve(unwatch()),
        teller.start(),
        raiseSignals({ ledger, state, desk, warn }),
        startSelfTests({ clock, state, config, outbox, desk, warn }),
        watchEmergency({ clock, ledger, config, channels, log, now, hex, clean }),
        startHeartbeat({ clock, config, secrets, desk, log, clean, well: () => ledger.health().writable }),
      ];
      return async () => {
        for (const stop of stops.toReversed()) await stop();
      };
    },
  };
}
