import type { DriverDeps } from '../drills/driver.ts';
import type { Clock } from '../ports/clock.ts';
import type { Config } from '../ports/config.ts';
import type { Fs } from '../ports/fs.ts';
import type { Runbooks } from '../ports/runbooks.ts';
import type { StepRunner, StepServices } from '../ports/steps.ts';
import { runbookBytes } from '../runbook/folder.ts';

/*
 * Reading and running runbooks takes 60 modules of ours and as many of the Markdown and YAML readers. They are loaded when
 * the first runbook is asked for, which is after the API answers.
 */

const load = () => import('../runbook/index.ts');

export function lazyRunbooks(options: { config: Config; fs: Fs }): Runbooks {
  let made: Promise<Runbooks> | undefined;
  const runbooks = (): Promise<Runbooks> =>
    (made ??= load().then(({ createRunbooks }) => createRunbooks(options)));
  return {
    list: async () => (await runbooks()).list(),
    get: async (id, pinned) => (await runbooks()).get(id, pinned),
    lint: async (id) => (await runbooks()).lint(id),
    plan: async (request) => (await runbooks()).plan(request),
  };
}

/** The files of the folder as they are: what can be told from them needs no parser. */
export const runbookFiles =
  ({ config, fs }: { config: Config; fs: Fs }) =>
  async (): Promise<Map<string, Uint8Array>> => {
    const { root, config: estate } = config.current();
    return runbookBytes(fs, { root, path: estate.runbooks.path });
  };

export function lazyStepRunner(options: { clock: Clock; config: Config }): StepRunner {
  let made: Promise<StepRunner> | undefined;
  return {
    async run(step, context) {
      made ??= load().then(({ createStepRunner }) => createStepRunner(options));
      return (await made).run(step, context);
    },
  };
}

/** Ends what an attempt of a killed daemon left running; see there. */
export async function endStrays(attempt: string, clock: Clock, under: string): Promise<number> {
  return (await load()).endStrays(attempt, clock, { under });
}

export function lazyDrivers(deps: DriverDeps): Pick<StepServices, 'backup' | 'restore'> {
  let made: Promise<Pick<StepServices, 'backup' | 'restore'>> | undefined;
  const drivers = (): Promise<Pick<StepServices, 'backup' | 'restore'>> =>
    (made ??= import('../drills/drivers/index.ts').then(({ driverServices }) => driverServices(deps)));
  return {
    backup: async (...args) => (await drivers()).backup(...args),
    restore: async (...args) => (await drivers()).restore(...args),
  };
}
