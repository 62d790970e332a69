import type { Driver, DriverDeps } from '../driver.ts';
import { readOptions } from '../options.ts';
import { baseBackup } from '../postgres/base-backup.ts';
import { restoreBase } from '../postgres/base-restore.ts';
import { dumpPostgres } from '../postgres/dump.ts';
import { BackupOptions, RestoreOptions } from '../postgres/options.ts';
import { restoreDump } from '../postgres/restore.ts';

/** A PostgreSQL database: dumps, or base backups with their WAL. */
export function postgresDriver(deps: DriverDeps): Driver {
  return {
    name: 'postgres',
    async backup(given, context) {
      const options = readOptions('postgres', BackupOptions, given);
      return (options.method === 'dump' ? dumpPostgres : baseBackup)(deps, options, context);
    },
    async restore(given, context) {
      const options = readOptions('postgres', RestoreOptions, given);
      return (options.method === 'dump' ? restoreDump : restoreBase)(deps, options, context);
    },
  };
}
