import { fail } from '../../contracts/errors.ts';
import { Digest } from '../../contracts/ids.ts';
import type { AlertMatch } from '../../contracts/estate/alerts.ts';
import type { RecordBody } from '../../contracts/record.ts';
import type { AlertBody } from '../../contracts/records/alert.ts';
import { canonical } from '../canonical.ts';
import type { Log } from '../log.ts';
import { own } from '../own.ts';
import type { Alerts, AlertView, SilenceView } from '../ports/alerts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Ledger } from '../ports/ledger.ts';
import type { StateView } from '../ports/state.ts';
import { suggest } from '../suggest.ts';
import { block, cut, oneLine } from '../text.ts';
import type { Notice } from './channel.ts';
import { channelKey } from './health.ts';
import { routesOf } from './match.ts';
import type { Channels } from './open.ts';
import type { Outbox } from './outbox.ts';
import { alertsProjection } from './projection.ts';
import type { AlertsState } from './state.ts';
import { alertViews, silenceViews } from './views.ts';

export interface DeskDeps {
  clock: Clock;
  ledger: Pick<Ledger, 'append' | 'settled'>;
  state: StateView;
  config: Config;
  channels: Pick<Channels, 'send'>;
  outbox: Pick<Outbox, 'health' | 'retry'>;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
  now(): number;
  hex(digits: number): string;
  clean(text: string): string;
}

/** What a test that a person asked for says, and the end of the alert about its channel. */
const plainTest = (channel: string): { title: string; text: string; why: string } => ({
  title: `A test of the channel ${channel}`,
  text: 'Nothing is wrong. If you can read this, alerts that go over this channel reach you.',
  why: 'a test message went out',
});

/** The Alerts port: what is asked of it goes into the ledger, and what is in the ledger is told. */
export class Desk implements Alerts {
  readonly #deps: DeskDeps;

  constructor(deps: DeskDeps) {
    this.#deps = deps;
  }

  async raise(alert: AlertBody): Promise<void> {
    const body = this.#fit(alert);
    const row = own(this.#state.open, body.key);
    if (
      row !== undefined &&
      canonical({ ...row.body }) === canonical({ ...body, text: cut(body.text, 1000) })
    )
      return this.#deps.ledger.settled();
    await this.raiseAnew(body);
  }

  /** Records it although nothing of it may have changed. */
  async raiseAnew(alert: AlertBody): Promise<void> {
    const { ledger, config, log } = this.#deps;
    const body = this.#fit(alert);
    const news = own(this.#state.open, body.key) === undefined;
    // Where the clock was set back, the record's own time stands still.
    const [at, wall] = [this.#deps.now(), this.#deps.clock.now()];
    await ledger.append('alert.raised', at - wall < 1000 ? body : { ...body, at });
    if (!news) return;
    const routes = routesOf(body, config.current().config.alerts);
    const channels = [...new Set(routes.flatMap(({ route }) => route.channels))];
    log.warn(`alert ${body.key}: ${body.title}`, {
      severity: body.severity,
      text: body.text,
      channels: channels.length === 0 ? 'none: no route takes it' : channels,
    });
  }

  /** `always`: also one that is only counted, since the table was full when it was raised. */
  async resolve(key: string, why: string, always = false): Promise<void> {
    const { ledger, log, clean } = this.#deps;
    if (!always && own(this.#state.open, key) === undefined) return ledger.settled();
    await ledger.append('alert.resolved', { key, why: cut(oneLine(clean(why), 480), 500) });
    log.info(`alert ${key} is over`, { why });
  }

  list(): AlertView[] {
    return alertViews(this.#state, this.#deps.now());
  }

  async acknowledge(key: string, by: string, note: string): Promise<void> {
    const state = this.#state;
    if (own(state.open, key) === undefined) {
      const over = state.closed.findLast((row) => row.body.key === key);
      if (over !== undefined) throw fail('ALERT_NOT_OPEN', { key, why: over.resolved?.why ?? '' });
      const near = suggest(key, Object.keys(state.open));
      const suggestion = near === undefined ? 'See `reeve alerts list`.' : `Did you mean ${near}?`;
      throw fail('ALERT_NOT_FOUND', { key: oneLine(key, 200), suggestion });
    }
    await this.#deps.ledger.append('alert.acknowledged', {
      key,
      by,
      note: block(this.#deps.clean(note), 1900),
    });
  }

  async silence(match: AlertMatch, until: number, by: string, reason: string): Promise<{ id: string }> {
    const { clock, now, hex } = this.#deps;
    const id = `sil_${hex(16)}`;
    await this.#deps.ledger.append('silence.set', {
      id,
      match,
      // As long as was meant, also while the clock is behind.
      until: until + Math.max(0, now() - clock.now()),
      by,
      reason: block(this.#deps.clean(reason), 1900),
    });
    return { id };
  }

  async lift(id: string, by: string): Promise<void> {
    const silence = own(this.#state.silences, id);
    if (silence === undefined || silence.until <= this.#deps.now())
      throw fail('SILENCE_NOT_FOUND', { id: oneLine(id, 40) });
    await this.#deps.ledger.append('silence.lifted', { id, by });
  }

  silences(): SilenceView[] {
    return silenceViews(this.#state, this.#deps.now());
  }

  async send(message: Parameters<Alerts['send']>[0]): Promise<{ sent: string[] }> {
    const { ledger, log, hex, clean } = this.#deps;
    const { tone, job } = message;
    const picture = Digest.safeParse(message.picture);
    const title = oneLine(clean(message.title), 180);
    const text = block(clean(message.text), 7900);
    const channel = this.#channelFor(message.channel);
    if (channel === undefined) {
      log[tone === 'bad' ? 'error' : tone === 'warn' ? 'warn' : 'info'](`for ${message.channel}: ${title}`, {
        text,
        ...(job === undefined ? {} : { job }),
      });
      return { sent: [] };
    }
    const body: RecordBody<'message.queued'> = {
      id: `msg_${hex(24)}`,
      channel,
      tone,
      title,
      text,
      ...(picture.success ? { picture: picture.data } : {}),
      ...(job === undefined ? {} : { job }),
    };
    await ledger.append('message.queued', body);
    return { sent: [channel] };
  }

  async test(channel: string, { title, text, why } = plainTest(channel)): Promise<{ ms: number }> {
    const { clock, config, channels, outbox, hex, now } = this.#deps;
    const { alerts, estate } = config.current().config;
    if (own(alerts.channels, channel) === undefined) throw this.#unknown(channel);
    const notice: Notice = {
      id: `msg_${hex(24)}`,
      at: now(),
      event: 'test',
      tone: 'info',
      estate: estate.title ?? estate.name,
      title,
      text,
      alerts: [],
      others: 0,
      hints: [],
    };
    const begun = clock.monotonic();
    try {
      await channels.send(channel, notice);
    } catch (error) {
      const said = error instanceof Error ? error.message : String(error);
      throw fail('CHANNEL_FAILED', { channel, why: oneLine(this.#deps.clean(said), 300) }, { cause: error });
    }
    const ms = Math.round(clock.monotonic() - begun);
    outbox.retry(channel);
    await this.resolve(channelKey(channel), why);
    return { ms };
  }

  async kinds(): Promise<{ kind: string; summary: string; example: string }[]> {
    const { kinds } = await import('./channels/index.ts');
    return kinds.map(({ kind, summary, example }) => ({ kind, summary, example }));
  }

  channels(): ReturnType<Alerts['channels']> {
    return Object.entries(this.#deps.config.current().config.alerts.channels).map(([name, { kind }]) => {
      const { waiting, last } = this.#deps.outbox.health(name);
      return { name, kind, waiting, last };
    });
  }

  get #state(): AlertsState {
    return this.#deps.state.get(alertsProjection);
  }

  /** `ops` is everybody's default: where no channel has that name, the first. */
  #channelFor(name: string): string | undefined {
    const { channels } = this.#deps.config.current().config.alerts;
    if (own(channels, name) !== undefined) return name;
    return name === 'ops' ? Object.keys(channels)[0] : undefined;
  }

  #unknown(channel: string): Error {
    const known = Object.keys(this.#deps.config.current().config.alerts.channels);
    const near = suggest(channel, known);
    const suggestion =
      near !== undefined
        ? `Did you mean ${near}?`
        : known.length === 0
          ? 'reeve.yaml has none; see `reeve alerts kinds`.'
          : `There is ${known.slice(0, 20).join(', ')}.`;
    return fail('CHANNEL_UNKNOWN', { channel: oneLine(channel, 70), suggestion });
  }

  /** Redacted, without control characters, and short enough for the record. */
  #fit(alert: AlertBody): AlertBody {
    const { clean } = this.#deps;
    return {
      ...alert,
      title: cut(oneLine(clean(alert.title), 180), 200) || alert.key,
      text: cut(block(clean(alert.text), 3900), 4000),
    };
  }
}
