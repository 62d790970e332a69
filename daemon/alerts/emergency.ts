import type { Log } from '../log.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { Notice } from './channel.ts';
import { routesOf } from './match.ts';
import type { Channels } from './open.ts';

/** How often the ledger is looked at, ms. */
const EVERY_MS = 15_000;

export interface EmergencyDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'health'>;
  config: Config;
  channels: Pick<Channels, 'send'>;
  log: Pick<Log, 'error' | 'info'>;
  now(): number;
  hex(digits: number): string;
  clean(text: string): string;
}

/**
 * The one message that no record comes before: the ledger itself cannot be written (a full disk, a failed one), so no
 * alert can be raised either. Each channel is told once, as far as this process can, and told again when it is over.
 * Returns stop.
 */
export function watchEmergency(deps: EmergencyDeps): () => Promise<void> {
  const { clock, ledger, config, channels, log, now, hex, clean } = deps;
  /** Channels that know of it, while it lasts. */
  let told: Set<string> | undefined;
  let since = 0;
  let id = '';
  let stopped = false;
  let busy: Promise<void> = Promise.resolve();

  const notice = (title: string, text: string, tone: Notice['tone']): Notice => {
    const { estate } = config.current().config;
    return {
      id,
      at: since,
      event: tone === 'good' ? 'resolved' : 'raised',
      tone,
      estate: estate.title ?? estate.name,
      title,
      text: clean(text),
      alerts: [],
      others: 0,
      hints: tone === 'good' ? [] : ['reeve status'],
    };
  };

  const targets = (): string[] => {
    const { alerts } = config.current().config;
    const body = {
      key: 'ledger:unwritable',
      severity: 'page',
      source: 'daemon',
      title: '-',
      text: '',
    } as const;
    const routed = routesOf(body, alerts).flatMap(({ route }) => route.channels);
    return [...new Set(routed.length > 0 ? routed : Object.keys(alerts.channels))];
  };

  async function tell(
    names: readonly string[],
    message: Notice,
    done: (name: string) => void,
  ): Promise<void> {
    await Promise.all(
      names.map((name) =>
        channels.send(name, message).then(
          () => done(name),
          (error: unknown) => log.error(`${name} was not told: ${message.title}`, { error: String(error) }),
        ),
      ),
    );
  }

  async function look(): Promise<void> {
    const health = ledger.health();
    if (!health.writable) {
      if (told === undefined) {
        told = new Set();
        since = now();
        id = `msg_${hex(24)}`;
      }
      const heard = told;
      await tell(
        targets().filter((name) => !heard.has(name)),
        notice(
          'PAGE: Reeve cannot write its ledger',
          `${health.why}\nNothing privileged runs, and alerts cannot be recorded or told until this is repaired.`,
          'bad',
        ),
        (name) => heard.add(name),
      );
      return;
    }
    if (told === undefined) return;
    const heard = [...told];
    told = undefined;
    id = `msg_${hex(24)}`;
    await tell(heard, notice('Resolved: Reeve can write its ledger again', '', 'good'), () => undefined);
  }

  let cancel = clock.after(EVERY_MS, tick);
  function tick(): void {
    busy = look().finally(() => {
      if (!stopped) cancel = clock.after(EVERY_MS, tick);
    });
  }
  return async () => {
    stopped = true;
    cancel();
    await busy;
  };
}
