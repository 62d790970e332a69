import { fail } from '../../../contracts/errors.ts';
import type { StepServices } from '../../ports/steps.ts';
import type { Driver, DriverDeps } from '../driver.ts';
import { filesDriver } from './files.ts';
import { postgresDriver } from './postgres.ts';
import { reeveDriver } from './reeve.ts';
import { sqliteDriver } from './sqlite.ts';

/** Every backup driver there is. A new one is a file in this folder and a line here. */
const factories = [reeveDriver, filesDriver, postgresDriver, sqliteDriver] as const satisfies readonly ((
  deps: DriverDeps,
) => Driver)[];

/** Services of the `backup` and `restore` steps. Both reject `DRIVER_UNKNOWN`. @throws when two drivers have one name. */
export function driverServices(deps: DriverDeps): Pick<StepServices, 'backup' | 'restore'> {
  const drivers = new Map<string, Driver>();
  for (const make of factories) {
    const driver = make(deps);
    if (drivers.has(driver.name)) throw new Error(`two backup drivers are named ${driver.name}`);
    drivers.set(driver.name, driver);
  }
  const find = (name: string): Driver => {
    const driver = drivers.get(name);
    if (driver === undefined)
      throw fail('DRIVER_UNKNOWN', { driver: name, known: [...drivers.keys()].join(', ') });
    return driver;
  };
  return {
    backup: async (driver, options, context) => find(driver).backup(options, context),
    restore: async (driver, options, context) => find(driver).restore(options, context),
  };
}
