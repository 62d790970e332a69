import { spawn } from 'node:child_process';
import { flushCompileCache } from 'node:module';
import { constants, setPriority } from 'node:os';
import type { JsonObject } from '../../contracts/json.ts';
import type { Context } from '../run.ts';
import type { UpModule } from './bridge.ts';

/** When a daemon has loaded what it needs, ms. */
const FLUSH_AFTER = 3000;
/** When its start is long over, ms: making bundle and snapshot takes two seconds of a processor. */
const BUNDLE_AFTER = 15_000;

/** A daemon that came with the snapshot this process was started from. */
export interface Loaded {
  module: UpModule;
  ready(): void;
}

/** Runs the daemon in this process until it is told to stop. */
export async function up(context: Context, args: JsonObject, loaded?: Loaded): Promise<number> {
  const module = loaded?.module ?? (await (await import('./bridge.ts')).loadUp());
  if (loaded === undefined) setTimeout(() => void makeBundle(), BUNDLE_AFTER).unref();
  // A daemon ends by a signal, which skips what Node keeps for the next start when it ends by itself.
  setTimeout(flushCompileCache, FLUSH_AFTER).unref();
  const { globals } = context.terminal;
  const port = args['port'];
  const config = args['config'];
  return module.up({
    home: context.home,
    port: typeof port === 'number' ? port : undefined,
    config: typeof config === 'string' ? config : undefined,
    logFile: globals.logFile,
    logLevel: globals.verbose ? 'debug' : undefined,
    drill: args['drill'] !== false,
    ...(loaded === undefined ? {} : { ready: () => loaded.ready() }),
  });
}

/** For the next start, in a process of its own that yields to everything else. */
async function makeBundle(): Promise<void> {
  const { bundleWanted, ROOT } = await import('./bundle.ts');
  if (!bundleWanted()) return;
  const maker = spawn(process.execPath, [`${ROOT}scripts/bundle.ts`], { stdio: 'ignore' });
  // It is only slower next time.
  maker.once('error', () => undefined);
  maker.unref();
  if (maker.pid !== undefined) setPriority(maker.pid, constants.priority.PRIORITY_LOW);
}
