import { createDoor, type DoorDeps } from '../admission/door.ts';
import { actions } from '../actions/index.ts';
import { chatBots } from '../chat/bots.ts';
import type { Settings } from '../config.ts';
import { configVersions, estateVersion, recordVersions } from '../estate/index.ts';
import { grantFromFlags } from '../grants/flags.ts';
import { planDigestOf } from '../jobs/identity.ts';
import type { Releasers } from '../lifecycle.ts';
import { planBlocks } from '../plan-view.ts';
import { openFeatures, portsOf, type Features } from './features.ts';
import { openGround } from './ground.ts';
import { openJobs } from './jobs.ts';
import { startKeepers } from './keepers.ts';
import { drillReader } from './readers.ts';
import { watchRunbooks } from './runbook-watch.ts';
import type { Running } from './running.ts';
import { openScheduler, scheduleService, watchSchedules } from './schedules.ts';
import { settling, type Settled } from './settle.ts';
import { statusView } from './status.ts';
import type { Store } from './store.ts';
import { peopleRecords } from './syncs.ts';

/** Builds the door and what stands behind it; starts nothing. `settle`: see there. */
export async function buildEngine(
  store: Store,
  settings: Settings,
  version: string,
  releasers: Releasers,
): Promise<Running & { start(): Promise<void>; settle(): Promise<Settled> }> {
  const { clock, ledger, state, artifacts, keys, log, fs, home, hex } = store;
  const ground = await openGround(store, settings, releasers);
  const { warn, initial, versions, config, people, work, grants, runbooks, files, mandates } = ground;
  const { clean, secrets, zones, trajectory, live, refusals } = ground;
  const { jobs, drivers, integrity, settleRunbook, admit } = openJobs(store, ground, version, () => features);
  const features: Features = openFeatures({
    store,
    config,
    people,
    jobs,
    work,
    runbooks,
    mandates,
    secrets,
    caller: { api: settings.githubApi, version },
    zones,
    clean,
    admit,
    warn,
  });
  const scheduling = { store, config, jobs, admit, warn };
  const scheduler = openScheduler(scheduling);

  const deps: DoorDeps = {
    clock,
    ledger,
    state,
    config,
    people,
    mandates,
    grants,
    keys,
    secrets,
    runbooks,
    jobs,
    artifacts,
    trajectory,
    work,
    ...portsOf(features),
    drills: drillReader(state, drivers.sentinels.states),
    schedules: scheduleService(scheduler, scheduling),
    ...peopleRecords({ clock, config, state, secrets, clean, keysIn: home.attempts }),
    chat: chatBots({ ...versions, fs, config, home: home.root, random: store.random }),
    zones: { accept: (by) => zones.accept(by) },
    reloadConfig: () => config.reload(),
    checkConfig: () => config.check(),
    configVersions: () => configVersions(state),
    grantFromFlags: (flags, person) =>
      grantFromFlags(flags, { projects: config.current().config.projects, person }),
    log: {
      level: () => log.level,
      setLevel(level) {
        log.level = level as typeof log.level;
      },
    },
    planDigest: planDigestOf,
    planBlocks,
    origin: store.origin,
    status: () => statusView(store, { config, work, jobs, version }),
    hex,
  };
  const door = createDoor({
    deps,
    actions,
    refusals,
    version,
    integrity,
    settleRunbook,
    full: store.full,
    log: {
      error: (message, detail) => log.error(message, { error: String(detail) }),
      info: (message, detail) => log.info(message, { detail }),
      path: settings.logFile ?? home.log,
    },
  });

  const running: Running = {
    door,
    deps,
    jobs,
    live,
    refusals,
    scheduler,
    watchSchedules: () => watchSchedules(scheduler, features.alerts, scheduling),
    people,
    features,
    clean,
    checks: () => [{ name: 'trajectory', ...trajectory.health() }],
    warnings: initial.warnings,
    startedAt: clock.now(),
  };
  const { settle, stop } = settling({ store, runbooks, files, mandates });
  releasers.push('settling', async () => void (await stop()));
  return {
    ...running,
    settle,
    async start() {
      await grants.enrolKeys('daemon');
      await recordVersions(versions, [estateVersion(initial)]);
      if (store.firstStart) await settle();
      await startKeepers({ ...deps, store, zones, jobs, drivers, warn }, releasers);
      await door.finishApproved().catch((error: unknown) => warn('requests approved before', error));
      await features.start(releasers);
      releasers.push('configuration watch', config.watch());
      releasers.push('runbook watch', watchRunbooks({ store, config, runbooks, mandates, warn }));
    },
  };
}
