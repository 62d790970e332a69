import { mkdir, mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ReeveError } from '../../contracts/errors.ts';
import type { SentinelSpec } from '../../contracts/estate/drills.ts';
import type { JsonObject } from '../../contracts/json.ts';
import { systemClock } from '../../daemon/clock.ts';
import type { DriverContext } from '../../daemon/drills/driver.ts';
import { driverServices } from '../../daemon/drills/drivers/index.ts';
import { keepSentinels } from '../../daemon/drills/sentinels/keeper.ts';
import { nodeFs } from '../../daemon/fs.ts';
import { collect, tempDir } from '../helpers/ledger.ts';
import { makeHome } from './home.ts';

/** An estate with live data beside a real home, and steps that run as the daemon runs them. */
export async function makeSite(sentinels: Record<string, SentinelSpec> = {}) {
  const base = await tempDir('reeve-drill-');
  const root = join(base, 'estate');
  await mkdir(root);
  const t = await makeHome(join(base, 'home'), { clock: systemClock, records: 3, sentinels });
  onTestFinished(() => t.ledger.close());
  const services = driverServices(t.deps);
  let logged = '';
  const context = async (more: Partial<DriverContext> = {}): Promise<DriverContext> => ({
    ...t.context,
    root,
    scratch: await mkdtemp(join(t.deps.scratchRoot, 'attempt-')),
    log: async (text) => void (logged += text),
    ...more,
  });
  return {
    base,
    root,
    home: t,
    deps: t.deps,
    context,
    /** All that programs said. */
    logged: () => logged,
    /** What is left of all attempts: names below their scratch folders. */
    async left(): Promise<string[]> {
      const names = await readdir(t.deps.scratchRoot, { recursive: true });
      return names.filter((name) => name.includes('/'));
    },
    async backup(driver: string, options: JsonObject, more: Partial<DriverContext> = {}) {
      return services.backup(driver, options, await context(more));
    },
    async restore(driver: string, options: JsonObject, more: Partial<DriverContext> = {}) {
      return services.restore(driver, options, await context(more));
    },
    /** Writes every sentinel once. */
    async mark(): Promise<void> {
      const keeper = keepSentinels({
        accepted: async () => {},
        trouble: async () => {},
        over: async () => {},
        fs: nodeFs,
        clock: systemClock,
        memory: t.sentinels,
        specs: () => sentinels,
        root: () => root,
        secret: (name) => t.secrets.get(name),
        tell: (_level, message) => {
          throw new Error(message);
        },
      });
      while (keeper.states().some(({ written }) => written === null)) await systemClock.sleep(5);
      await keeper.stop();
    },
    cuts: async () => (await collect(t.ledger.read(0))).filter(({ type }) => type === 'drill.cut'),
  };
}
export type Site = Awaited<ReturnType<typeof makeSite>>;

/** The code and the message it rejects with. */
export async function refusal(
  work: Promise<unknown>,
): Promise<{ code: string; message: string; hint: string }> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof ReeveError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
  throw new Error('it did not reject');
}
