import type { EstateConfig } from '../../../contracts/estate.ts';
import type { Alerts } from '../../ports/alerts.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SloView } from '../../ports/practice.ts';
import type { Probes } from '../../ports/probes.ts';
import { alertKey, settleAlarms } from './alarms.ts';
import { SloBook } from './book.ts';

/** How often the burn rates are looked at, ms. */
const LOOK_EVERY = 20_000;

export interface SloDeps {
  clock: Clock;
  config(): EstateConfig;
  probes: Pick<Probes, 'onSample' | 'samples'>;
  alerts: Pick<Alerts, 'list' | 'raise' | 'resolve'>;
  /** Reads the maintenance windows in force: whether a time of this probe lies in one. */
  maintenance(): Promise<(probe: string, at: number) => boolean>;
  warn(what: string, error: unknown): void;
}

export interface OpenedSlos {
  book: SloBook;
  list(): SloView[];
  /** The estate has changed. */
  reload(): void;
  /** What was asked for so far is counted and told. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Counts the samples of the objectives in force, and raises an alert where a budget is spent too fast. */
export function openSlos({ clock, config, probes, alerts, maintenance, warn }: SloDeps): OpenedSlos {
  let covered: (probe: string, at: number) => boolean = () => false;
  let windows = '';
  const book = new SloBook({
    clock,
    warn,
    covered: (probe, at) => covered(probe, at),
    // Newest first. One that has ended counts, too: a slower window must not tell of the same outage again.
    told(slo, window) {
      const alert = alerts.list().find(({ key }) => key === alertKey(slo, window));
      if (alert === undefined) return undefined;
      const open = alert.state === 'open';
      return { open, last: open ? clock.now() : alert.resolved_at };
    },
    probes: {
      samples: probes.samples,
      onSample: (listener) => probes.onSample(listener),
      interval(name) {
        const spec = config().probes[name];
        return spec?.enabled === true ? spec.interval : undefined;
      },
    },
  });
  const list = (): SloView[] => book.names().flatMap((name) => book.view(name) ?? []);

  let stopped = false;
  let work: Promise<void> = Promise.resolve();
  const next = (what: string, task: () => Promise<void>): void => {
    work = work.then(task).catch((error: unknown) => warn(what, error));
  };
  const reload = (): void =>
    next('the objectives', async () => {
      const now = JSON.stringify(config().maintenance);
      const changed = now !== windows;
      if (changed) covered = await maintenance();
      windows = now;
      book.set(config().slos, changed);
    });
  const look = (): void => {
    next('the alerts of the objectives', async () => {
      book.look();
      await settleAlarms(alerts, list());
    });
    if (!stopped) cancel = clock.after(LOOK_EVERY, look);
  };
  reload();
  let cancel = clock.after(0, look);
  return {
    book,
    list,
    reload,
    async settled() {
      await work;
      await book.settled();
    },
    async stop() {
      stopped = true;
      cancel();
      await work;
      await book.stop();
    },
  };
}
