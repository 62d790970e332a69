import type { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import type { JsonObject } from '../../../contracts/json.ts';
import type { Driver, DriverDeps } from '../driver.ts';
import { makeBackup } from '../home/backup.ts';
import { BackupOptions, RestoreOptions } from '../home/options.ts';
import { runRestore } from '../home/restore.ts';

function read<T>(schema: z.ZodType<T>, options: JsonObject): T {
  const { driver: _driver, ...rest } = options;
  const result = schema.safeParse(rest);
  if (result.success) return result.data;
  const why = result.error.issues
    .map((issue) => [...issue.path, issue.message].join(': '))
    .join('; ')
    .slice(0, 500);
  throw fail('DRIVER_OPTIONS_INVALID', { driver: 'reeve', why });
}

/** Reeve's own home: the ledger up to a signed head, the public keys, and what is sealed. */
export function reeveDriver(deps: DriverDeps): Driver {
  // One backup at a time: they share a folder and its retention.
  let turn: Promise<unknown> = Promise.resolve();
  return {
    name: 'reeve',
    async backup(options, context) {
      read(BackupOptions, options);
      const mine = turn.then(() => makeBackup(deps, context));
      turn = mine.catch(() => undefined);
      return mine;
    },
    restore: async (options, context) => runRestore(deps, read(RestoreOptions, options), context),
  };
}
