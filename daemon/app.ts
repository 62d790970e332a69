import type { Ready, StatusView } from '../contracts/api.ts';
import { plural } from '../contracts/units.ts';
import type { z } from 'zod';
import { buildEngine } from './compose/engine.ts';
import type { Running } from './compose/running.ts';
import { serve } from './compose/serve.ts';
import { statusView } from './compose/status.ts';
import type { Settled } from './compose/settle.ts';
import { openStore, type Store } from './compose/store.ts';
import { watchClock } from './clock.ts';
import type { Settings } from './config.ts';
import { Releasers } from './lifecycle.ts';
import { collectAtRest, fullCollection } from './rest.ts';
import { VERSION } from './version.ts';
import { downtime } from './schedule/downtime.ts';

/** When the clockwork of the schedules begins, ms after the start. */
const FIRST_TICK = 1000;

/** A running daemon. */
export interface App {
  store: Store;
  running: Running;
  url: string;
  socket: string;
  status(): StatusView;
  /** Resolves when what came from GitHub was looked at, and written back as far as GitHub takes it now. */
  githubSettled(): Promise<void>;
  /** Once: what need not be done before the API answers. */
  settle(): Promise<Settled>;
  /** Jobs that wait for nothing but this: the schedules begin. Called once the API answers; settles first. */
  startSchedules(atStart?: boolean): Promise<void>;
  /** Releases everything, last-in-first-out. Safe to call twice. */
  stop(why: string): Promise<void>;
}

/**
 * Starts the daemon: home → keys → ledger → door → API. Whatever was acquired before a failure is released again.
 * Rejects HOME_…, KEYS_…, LEDGER_…, CONFIG_…, PORT_IN_USE. With `full` nothing is begun and nothing is written: what is there
 * can be read, and halted.
 */
export async function startApp(settings: Settings, { full = false } = {}): Promise<App> {
  let log: Store['log'] | undefined;
  const releasers = new Releasers((name, error) =>
    log?.error(`releasing ${name} failed`, { error: String(error) }),
  );
  try {
    const store = await openStore(settings, VERSION, releasers, full);
    log = store.log;
    const { ledger, clock } = store;
    let reason = 'the start failed';
    const begun = clock.monotonic();
    releasers.push('last record', async () => {
      if (!full && ledger.health().writable)
        await ledger.append('daemon.stopped', {
          why: reason.slice(0, 200),
          uptime_ms: Math.round(clock.monotonic() - begun),
        });
    });
    // Before this start writes anything: what it records is no sign that the daemon was there.
    const { seen } = store.state.get(downtime);
    const engine = await buildEngine(store, settings, VERSION, releasers);
    const started = clock.now();
    let address = '';
    let ready = false;
    const status = (may?: (project: string, env: string) => boolean): StatusView =>
      statusView(
        store,
        { config: engine.deps.config, work: engine.deps.work, jobs: engine.jobs, version: VERSION },
        address,
        started,
        may,
      );
    engine.deps.status = status;
    if (!full) {
      await engine.start();
      await ledger.append('daemon.started', {
        reeve: VERSION,
        node: process.version,
        pid: process.pid,
        config_version: engine.deps.config.current().digest,
        ...(seen === 0 ? {} : { absent_since: seen }),
      });
    }
    const checks = (): z.infer<typeof Ready> => {
      const { writable, why } = status().ledger;
      return {
        ready: ready && writable,
        checks: [
          { name: 'ledger', ok: writable, ...(why === undefined ? {} : { why }) },
          { name: 'started', ok: ready },
          ...engine.checks(),
        ],
      };
    };
    const api = await serve(store, settings, VERSION, engine, { status, ready: checks });
    releasers.push('api', () => api.close());
    address = api.url;
    ready = true;
    store.log.info('started', {
      reeve: VERSION,
      node: process.version,
      pid: process.pid,
      home: store.home.root,
      address,
      ledger: ledger.head().size,
    });
    if (!full)
      releasers.push(
        'clock watch',
        watchClock(clock, (jump) => {
          store.log.warn('the clock jumped', { ...jump });
          ledger
            .append('daemon.clock_jumped', jump)
            .catch((error: unknown) => store.log.error('clock jump not recorded', { error: String(error) }));
          void engine.scheduler.tick();
        }),
      );
    let stopping: Promise<void> | undefined;
    return {
      store,
      running: engine,
      url: api.url,
      socket: api.socket,
      status,
      githubSettled: () => api.githubSettled(),
      settle: () => engine.settle(),
      async startSchedules(atStart = true) {
        await engine.settle();
        if (atStart) await engine.scheduler.start();
        const { startTicker } = await import('./schedule/ticker.ts');
        // Not at once: what is due now was just taken, and node-cron's first look at a calendar (20 ms) would hold up answers.
        let stopTicker: () => Promise<void> = () => Promise.resolve();
        const cancelTicker = clock.after(FIRST_TICK, () => {
          startTicker(() => void engine.scheduler.tick()).then(
            (stop) => (stopTicker = stop),
            (error: unknown) => store.log.error('the schedules have no ticker', { error: String(error) }),
          );
        });
        const stopAlarms = engine.watchSchedules();
        const collect = fullCollection();
        if (collect !== undefined)
          releasers.push(
            'rest',
            collectAtRest({
              clock,
              activity: () => ledger.head().size,
              busy: () => engine.jobs.counts().running > 0,
              collect,
            }),
          );
        releasers.push('schedules', async () => {
          cancelTicker();
          await stopTicker();
          await stopAlarms();
          await engine.scheduler.stop();
        });
      },
      stop(why) {
        stopping ??= (async () => {
          const { running, queued, unknown } = engine.jobs.counts();
          store.log.info('stopping', { why, running, queued });
          if (!full)
            await engine.deps.trajectory
              .continuity(
                `Stopped (${why}). ${plural(running, 'job')} ${running === 1 ? 'was' : 'were'} running, ${queued} queued, ${unknown} with unknown outcome. Ledger: ${ledger.head().size} records.`,
              )
              .catch((error: unknown) =>
                store.log.warn('NOTES.md was not updated', { error: String(error) }),
              );
          reason = why;
          await releasers.unwind();
        })();
        return stopping;
      },
    };
  } catch (error) {
    await releasers.unwind().catch(() => undefined);
    throw error;
  }
}
