import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import { drills, provenBackups } from '../drills/projection.ts';
import { leftoversIn } from '../drills/leftovers.ts';
import type { DriverDeps, SentinelMemory } from '../drills/driver.ts';
import { openLedger, readLedger, rootAt, verifyLedger } from '../ledger/index.ts';
import type { Config } from '../ports/config.ts';
import type { Secrets } from '../ports/secrets.ts';
import { StateHost } from '../state/host.ts';
import { openSentinels, type Sentinels } from './sentinels.ts';
import { projections, type Store } from './store.ts';

/** What drills rest on, beside what runs them. */
export interface Drivers {
  deps: DriverDeps;
  sentinels: Sentinels;
}

export function openDrivers(
  store: Store,
  config: Config,
  secrets: Pick<Secrets, 'get'>,
  version: string,
  scratchRoot: string,
): Drivers {
  const sentinels = openSentinels(store, config, secrets);
  return { sentinels, deps: driverDeps(store, version, scratchRoot, sentinels.memory) };
}

/** What the `reeve` backup driver rests on: the product's own ledger functions, on whatever folder they are given. */
function driverDeps(
  store: Store,
  version: string,
  scratchRoot: string,
  sentinels: SentinelMemory,
): DriverDeps {
  const { fs, clock, ledger, artifacts, home, keys, state, origin, log } = store;
  return {
    fs,
    clock,
    ledger,
    artifacts,
    sentinels,
    leftovers: leftoversIn(fs, path.join(home.root, 'drills', 'leftovers')),
    home: home.root,
    scratchRoot,
    version,
    publicKeys: () => keys.list(),
    captureState: () => digestOf(canonical(state.capture())),
    rootAt: (size) => rootAt(home.ledger, size),
    async verify(dir) {
      const report = await verifyLedger(dir);
      const problem = report.problems[0];
      if (problem !== undefined)
        throw fail('LEDGER_CORRUPT', {
          seq: problem.seq ?? '?',
          file: problem.segment ?? dir,
          why: problem.message,
        });
      return { size: report.size, root: report.root };
    },
    async replay(dir, size) {
      const fold = new StateHost(projections);
      for await (const record of readLedger(dir, 0, size)) fold.apply(record);
      return digestOf(canonical(fold.capture()));
    },
    async boot(dir) {
      const copy = await openLedger({
        dir,
        fs,
        clock,
        signer: keys.checkpointSigner(origin),
        fold: new StateHost(projections),
        version,
        warn: (what, error) => log.warn(`restored copy: ${what}`, { error: String(error) }),
      });
      return {
        head: () => copy.head(),
        read: (from, options) => copy.read(from, options),
        close: () => copy.close(),
      };
    },
    proven: () => provenBackups(state.get(drills)),
    note: (message, fields) => log.info(message, fields),
  };
}
