import type { Driver, DriverDeps } from '../driver.ts';
import { readOptions } from '../options.ts';
import { backupSqlite } from '../sqlite/backup.ts';
import { BackupOptions, RestoreOptions } from '../sqlite/options.ts';
import { restoreSqlite } from '../sqlite/restore.ts';

/** A SQLite database file, with backups as files in a folder. */
export function sqliteDriver(deps: DriverDeps): Driver {
  return {
    name: 'sqlite',
    backup: async (options, context) =>
      backupSqlite(deps, readOptions('sqlite', BackupOptions, options), context),
    restore: async (options, context) =>
      restoreSqlite(deps, readOptions('sqlite', RestoreOptions, options), context),
  };
}
