import { existsSync } from 'node:fs';
import path from 'node:path';
import { ReeveError, fail } from '../../contracts/errors.ts';
import { workProjection } from '../admission/work.ts';
import { alertsProjection, signalsProjection } from '../alerts/index.ts';
import { fileArtifacts } from '../artifacts/store.ts';
import { chatProjection } from '../chat/projection.ts';
import { systemClock } from '../clock.ts';
import type { Settings } from '../config.ts';
import { drills } from '../drills/index.ts';
import { configVersions, configVersionsProjection, mandatesProjection } from '../estate/index.ts';
import { incidentsProjection } from '../incidents/projection.ts';
import { nodeFs } from '../fs.ts';
import { grantsProjection } from '../grants/projection.ts';
import { openHome, type Home } from '../home.ts';
import { jobsProjection } from '../jobs/projection.ts';
import { locksProjection } from '../jobs/locks.ts';
import { initKeys, loadKeys, type KeyStore } from '../keys/store.ts';
import { formatVkey, openLedger, readLedger } from '../ledger/index.ts';
import type { FileLedger } from '../ledger/ledger.ts';
import type { Releasers } from '../lifecycle.ts';
import { lockHome } from '../lock.ts';
import { openLog, type Log } from '../log.ts';
import type { Artifacts } from '../ports/artifacts.ts';
import type { Clock } from '../ports/clock.ts';
import type { Fs } from '../ports/fs.ts';
import type { Secrets } from '../ports/secrets.ts';
import type { Projection } from '../ports/state.ts';
import { practiceProjection } from '../practice/fold/projection.ts';
import { probeStates } from '../probes/projection.ts';
import { random, randomHex } from '../random.ts';
import { downtime } from '../schedule/downtime.ts';
import { schedules } from '../schedule/projection.ts';
import { openSecrets } from '../secrets/store.ts';
import { linearProjection } from '../integrations/linear/projection.ts';
import { githubProjection } from '../integrations/github/projection.ts';
import { rulesProjection } from '../integrations/rules/projection.ts';
import { webhooksProjection } from '../integrations/webhooks/projection.ts';
import { StateHost } from '../state/host.ts';
import { lowdbSnapshots } from '../state/snapshots.ts';
import { releasesProjection } from '../release/projection.ts';
import { schemasProjection } from '../sync/schemas/projection.ts';
import { openProjection } from '../sync/activity/open.ts';
import { syncProjection } from '../sync/projection.ts';
import { zonesProjection } from '../zones/projection.ts';

/** Every fold of the ledger. A new one is a line here. */
export const projections = [
  grantsProjection,
  jobsProjection,
  locksProjection,
  workProjection,
  configVersionsProjection,
  mandatesProjection,
  drills,
  schedules,
  downtime,
  probeStates,
  incidentsProjection,
  practiceProjection,
  zonesProjection,
  alertsProjection,
  signalsProjection,
  chatProjection,
  webhooksProjection,
  rulesProjection,
  githubProjection,
  syncProjection,
  openProjection,
  linearProjection,
  schemasProjection,
  releasesProjection,
] as unknown as readonly Projection[];

/** What lasts: home, keys, ledger and its fold, artifacts, secrets. */
export interface Store {
  home: Home;
  fs: Fs;
  clock: Clock;
  log: Log;
  keys: KeyStore;
  /** Set when this daemon is only to be read and halted: the folder on whose disk there is no room. */
  full: string | undefined;
  /** No estate was ever in force here: this is the home's first start, or those before ended in a mistake of the file. */
  firstStart: boolean;
  origin: string;
  ledger: FileLedger;
  state: StateHost;
  artifacts: Artifacts;
  secrets: Secrets;
  random(bytes: number): Uint8Array;
  hex(digits: number): string;
}

/** Opens everything durable in the home; what was opened is pushed on `releasers`. */
export async function openStore(
  settings: Settings,
  version: string,
  releasers: Releasers,
  full = false,
): Promise<Store> {
  const clock = systemClock;
  const fs = nodeFs;
  const home = openHome(settings.home);
  const lock = await lockHome(home, clock.now());
  releasers.push('home lock', () => lock.release());
  const log = await openLog({
    file: settings.logFile ?? home.log,
    level: settings.logLevel ?? 'info',
    now: () => clock.now(),
  });
  releasers.push('log', () => log.close());
  for (const folder of home.narrowed)
    log.warn('permissions were wider than needed and are narrowed', { path: folder });

  const opened = await originOf(home.ledger);
  const keyOptions = { folder: home.keys, fs, clock, random, passphrase: settings.passphrase };
  const keys = await loadKeys(keyOptions).catch((error: unknown) => {
    if (!(error instanceof ReeveError) || error.code !== 'KEYS_MISSING') throw error;
    // A ledger was signed with keys that are gone: new ones would pass for it.
    if (opened !== undefined) throw error;
    return initKeys(keyOptions);
  });
  // The reserve is made after the ledger's first record: where it stands, revocations and halts have been lost.
  if (opened === undefined && existsSync(home.reserve)) throw fail('LEDGER_MISSING', { dir: home.ledger });
  const origin = opened ?? `reeve/${keys.signer('checkpoint').kid.slice(4)}`;
  const state = new StateHost(projections);
  const ledger = await openLedger({
    dir: home.ledger,
    fs,
    clock,
    signer: keys.checkpointSigner(origin),
    trustedKeys: keys
      .list()
      .filter((k) => k.purpose === 'checkpoint')
      .map((k) => formatVkey(origin, Buffer.from(k.publicKey, 'base64'))),
    fold: state,
    snapshots: lowdbSnapshots(path.join(home.state, 'snapshot.json'), (why) =>
      log.warn('snapshot ignored', { why }),
    ),
    version,
    warn: (what, error) => log.error(what, { error: String(error) }),
  });
  releasers.push('ledger', () => ledger.close());
  const secrets = await openSecrets({
    fs,
    clock,
    sealer: keys.sealer,
    path: path.join(home.secrets, 'secrets.json'),
  });
  return {
    home,
    fs,
    clock,
    log,
    keys,
    firstStart: configVersions(state).length === 0,
    full: full ? home.root : undefined,
    origin,
    ledger,
    state,
    artifacts: fileArtifacts({ fs, dir: home.artifacts }),
    secrets,
    random,
    hex: randomHex,
  };
}

/** The name the ledger was opened with, if it has been. */
async function originOf(dir: string): Promise<string | undefined> {
  for await (const record of readLedger(dir, 0, 1))
    if (record.type === 'ledger.opened') return record.body.origin;
  return undefined;
}
