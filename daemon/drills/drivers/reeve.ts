import type { Driver, DriverDeps } from '../driver.ts';
import { makeBackup } from '../home/backup.ts';
import { BackupOptions, RestoreOptions } from '../home/options.ts';
import { runRestore } from '../home/restore.ts';
import { readOptions } from '../options.ts';

/** Reeve's own home: the ledger up to a signed head, the public keys, and what is sealed. */
export function reeveDriver(deps: DriverDeps): Driver {
  // One backup at a time: they share a folder and its retention.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    name: 'reeve',
    async backup(options, context) {
      readOptions('reeve', BackupOptions, options);
      const mine = turn.then(() => makeBackup(deps, context));
      turn = mine.catch(() => undefined);
      return mine;
    },
    restore: async (options, context) =>
      runRestore(deps, readOptions('reeve', RestoreOptions, options), context),
  };
}
