import path from 'node:path';
import { fail } from '../../contracts/errors.ts';
import { canonical } from '../canonical.ts';
import { digestOf } from '../digest.ts';
import { leftoversIn, type Leftovers } from '../drills/leftovers.ts';
import type { DriverDeps, SentinelMemory } from '../drills/driver.ts';
import { openLedger, readLedger, rootAt, verifyLedger } from '../ledger/index.ts';
import { StateHost } from '../state/host.ts';
import { projections, type Store } from './store.ts';

const open = new WeakMap<Store, Leftovers>();

/** One for all: it knows what runs now from what an earlier run left. */
export function leftoversOf(store: Store): Leftovers {
  let made = open.get(store);
  if (made === undefined) {
    made = leftoversIn(store.fs, path.join(store.home.root, 'drills', 'leftovers'));
    open.set(store, made);
  }
  return made;
}

/** What the `reeve` backup driver rests on: the product's own ledger functions, on whatever folder they are given. */
export function driverDeps(
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
    leftovers: leftoversOf(store),
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
    note: (message, fields) => log.info(message, fields),
  };
}
