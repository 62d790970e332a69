import path from 'node:path';
import { createDoor, type DoorDeps } from '../admission/door.ts';
import { openHaltReserve } from '../admission/halt-reserve.ts';
import { planBlocks } from '../plan-view.ts';
import { createRefusals, type Refusals } from '../admission/refusals.ts';
import type { StartDeps } from '../admission/start.ts';
import { admitUnattended } from '../admission/unattended.ts';
import type { Unattended } from '../ports/unattended.ts';
import { openWork } from '../admission/work.ts';
import { chatBots } from '../chat/bots.ts';
import { actions } from '../actions/index.ts';
import type { Settings } from '../config.ts';
import {
  configVersions,
  createConfig,
  createMandates,
  estateVersion,
  findEstate,
  loadEstate,
  recordVersions,
} from '../estate/index.ts';
import { grantFromFlags } from '../grants/flags.ts';
import { grantService } from '../grants/service.ts';
import { Engine } from '../jobs/engine.ts';
import { planDigestOf } from '../jobs/identity.ts';
import type { Releasers } from '../lifecycle.ts';
import { createLive } from '../live.ts';
import { createPeople, userName } from '../people/index.ts';
import type { ChatDoor } from '../ports/door.ts';
import type { Live } from '../ports/live.ts';
import type { Scheduler } from '../schedule/index.ts';
import { openTrajectory } from '../trajectory/index.ts';
import { openZones } from '../zones/index.ts';
import { hiddenWords } from './hidden-words.ts';
import { openDrivers } from './drivers.ts';
import { estateChecks } from './estate-checks.ts';
import { openFeatures, portsOf, type Features } from './features.ts';
import { stepServices } from './services.ts';
import { endStrays, lazyRunbooks, lazyStepRunner, runbookFiles } from './runbooks.ts';
import { settling, type Settled } from './settle.ts';
import { startKeepers } from './keepers.ts';
import { drillReader } from './readers.ts';
import { runbookGate, settledJobs } from './runbook-gate.ts';
import { watchRunbooks } from './runbook-watch.ts';
import { openScheduler, scheduleService, watchSchedules } from './schedules.ts';
import { statusView } from './status.ts';
import type { Store } from './store.ts';
import { peopleRecords } from './syncs.ts';

/** Everything between the ledger and the API. */
export interface Running {
  door: ChatDoor;
  deps: DoorDeps;
  jobs: Engine;
  live: Live;
  refusals: Refusals;
  scheduler: Scheduler;
  /** Says what is wrong with the schedules, from now on. Returns stop. */
  watchSchedules(): () => Promise<void>;
  people: ReturnType<typeof createPeople>;
  features: Features;
  /** Hides what is secret in a text. */
  clean(text: string): string;
  /** What /readyz says beside the ledger. */
  checks(): { name: string; ok: boolean; why?: string }[];
  /** What reeve.yaml was warned about at the start, with file and line. */
  warnings: readonly string[];
  /** When it was built, ms. */
  startedAt: number;
}

/** Builds the door and what stands behind it; starts nothing. `settle`: see there. */
export async function buildEngine(
  store: Store,
  settings: Settings,
  version: string,
  releasers: Releasers,
): Promise<Running & { start(): Promise<void>; settle(): Promise<Settled> }> {
  const { clock, ledger, state, artifacts, keys, log, fs, home, hex } = store;
  const warn = (what: string, error: unknown): void => log.warn(what, { error: String(error) });
  const checks = estateChecks(store.secrets);
  const initial = await loadEstate(await findEstate(settings.config, settings.cwd), checks);
  const versions = { ledger, state, artifacts };
  const config = createConfig(initial, {
    ...versions,
    clock,
    checks,
    tell: (level, message, fields) => log[level](message, fields),
  });
  if (settings.logLevel === undefined) log.level = initial.config.log.level;

  const people = createPeople({ config, owner: { uid: home.uid, ...userName(home.uid) } });
  const reserve = await openHaltReserve(fs, home.reserve);
  releasers.push('halt reserve', () => reserve.close());
  const work = await openWork({ clock, ledger, state, reserve });
  const grants = grantService({
    ledger,
    state,
    keys,
    clock,
    random: store.random,
    origin: store.origin,
    halted: work.halted,
  });
  const runbooks = lazyRunbooks({ config, fs });
  const files = runbookFiles({ config, fs });
  const mandates = createMandates({ ...versions, config, runbooks, files });
  const hidden = await hiddenWords(store.secrets, config);
  releasers.push('hidden words', () => hidden.stop());
  const { redactor, clean, secrets } = hidden;
  log.redactWith(clean);
  const zones = openZones({
    config,
    state,
    ledger,
    artifacts,
    clock,
    warn: (message, fields) => log.warn(message, fields),
  });
  const trajectory = openTrajectory({
    fs,
    clock,
    root: () => config.current().root,
    checkWrite: (file) => zones.checkWrite(file),
    redact: clean,
    warn: (message, fields) => log.warn(message, fields),
  });
  releasers.push('trajectory', () => trajectory.flush());
  const live = createLive();
  const refusals = createRefusals({
    clock,
    ledger,
    safe: clean,
    warn: (message) => log.warn(message),
  });

  const dir = path.join(home.scratch, 'jobs');
  const drivers = openDrivers(store, config, secrets, version, path.join(dir, 'scratch'));
  const jobs: Engine = new Engine({
    ledger,
    state,
    clock,
    artifacts,
    config,
    runbooks,
    trajectory,
    live,
    steps: lazyStepRunner({ clock, config }),
    services: stepServices({
      ...versions,
      clock,
      config,
      grants,
      people,
      secrets,
      fs,
      zones,
      clean,
      alerts: () => features.alerts,
      github: () => features.github,
      mirror: () => features.mirrorFiles(),
      linear: () => features.linear,
      practice: () => features.practice,
      drivers: drivers.deps,
      jobs: () => jobs,
      call: () => ({ jobs: settledJobs(jobs, settleRunbook), grants, runbooks, artifacts }),
    }),
    grants,
    work,
    redactor,
    dir,
    owner: `${store.origin}#${process.pid}`,
    endStrays: (attempt) => endStrays(attempt, clock, path.join(dir, 'scratch')),
    warn,
  });
  const integrity: StartDeps['integrity'] = () => zones.integrity();
  const settleRunbook = runbookGate({ ...versions, config, runbooks, zones });

  const admit = (ask: Unattended): Promise<{ job_id: string }> =>
    admitUnattended(
      {
        clock,
        grants,
        jobs,
        ledger,
        hex,
        integrity,
        mandates,
        runbooks,
        settleRunbook,
        work,
        planDigest: planDigestOf,
      },
      ask,
    );
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
    ...peopleRecords({ clock, config, state, secrets, clean }),
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
