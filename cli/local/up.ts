import { flushCompileCache } from 'node:module';
import type { JsonObject } from '../../contracts/json.ts';
import type { Context } from '../run.ts';

/** When a daemon has loaded what it needs, ms. */
const FLUSH_AFTER = 3000;

/** Runs the daemon in this process until it is told to stop. */
export async function up(context: Context, args: JsonObject): Promise<number> {
  const { loadUp } = await import('./bridge.ts');
  // A daemon ends by a signal, which skips what Node keeps for the next start when it ends by itself.
  setTimeout(flushCompileCache, FLUSH_AFTER).unref();
  const { globals } = context.terminal;
  const port = args['port'];
  const config = args['config'];
  return (await loadUp()).up({
    home: context.home,
    port: typeof port === 'number' ? port : undefined,
    config: typeof config === 'string' ? config : undefined,
    logFile: globals.logFile,
    logLevel: globals.verbose ? 'debug' : undefined,
    drill: args['drill'] !== false,
  });
}
