import { openHaltReserve } from '../admission/halt-reserve.ts';
import { createRefusals } from '../admission/refusals.ts';
import { openWork } from '../admission/work.ts';
import type { Settings } from '../config.ts';
import { createConfig, createMandates, findEstate, loadEstate } from '../estate/index.ts';
import { grantService } from '../grants/service.ts';
import type { Releasers } from '../lifecycle.ts';
import { createLive } from '../live.ts';
import { createPeople, userName } from '../people/index.ts';
import { openTrajectory } from '../trajectory/index.ts';
import { openZones } from '../zones/index.ts';
import { estateChecks } from './estate-checks.ts';
import { hiddenWords } from './hidden-words.ts';
import { lazyRunbooks, runbookFiles } from './runbooks.ts';
import type { Store } from './store.ts';

export type Ground = Awaited<ReturnType<typeof openGround>>;

/** What everything that is done rests on: the estate, who people are, what they may, and where it is written. */
export async function openGround(store: Store, settings: Settings, releasers: Releasers) {
  const { clock, ledger, state, artifacts, keys, log, fs, home } = store;
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

  return {
    warn,
    initial,
    versions,
    config,
    people,
    work,
    grants,
    runbooks,
    files,
    mandates,
    redactor,
    clean,
    secrets,
    zones,
    trajectory,
    live,
    refusals,
  };
}
