import type { Driver, DriverDeps } from '../driver.ts';
import { backupFiles } from '../files/backup.ts';
import { BackupOptions, RestoreOptions } from '../files/options.ts';
import { restoreFiles } from '../files/restore.ts';
import { readOptions } from '../options.ts';

/** Files and folders in a restic repository: a local folder, or any backend that restic knows. */
export function filesDriver(deps: DriverDeps): Driver {
  return {
    name: 'files',
    backup: async (options, context) =>
      backupFiles(deps, readOptions('files', BackupOptions, options), context),
    restore: async (options, context) =>
      restoreFiles(deps, readOptions('files', RestoreOptions, options), context),
  };
}
