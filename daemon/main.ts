import { flushCompileCache } from 'node:module';
import type { App } from './app.ts';
import { readSettings, type Flags } from './config.ts';
import { helpersGiveWay } from './helper-threads.ts';
import { onCrash, onSignals } from './lifecycle.ts';
import { startWhenRoom } from './start.ts';
import { traceOf } from './trace.ts';
import { sayDrill, sayFull, sayNext, sayStarted, type Print } from './welcome.ts';

/** How long a clean stop may take, ms; then the process goes at once. */
const STOP_LIMIT_MS = 5000;

export interface UpOptions extends Flags {
  /** Run what `at_start` asks for. */
  drill?: boolean;
  /** Called once the API answers. */
  ready?: () => void;
}

/**
 * `reeve up`: environment → app → exit status. Runs until a signal, which is raised again after a clean stop, so this
 * never resolves. Rejects with a ReeveError when it cannot start.
 */
export async function up(options: UpOptions): Promise<never> {
  try {
    return await run(options);
  } catch (error) {
    // Who asks where (--verbose) is told the files it was written in.
    for (let e = error; options.logLevel === 'debug' && e instanceof Error; e = e.cause) e.stack = traceOf(e);
    throw error;
  }
}

async function run(options: UpOptions): Promise<never> {
  const settings = readSettings(options);
  const print: Print = (text) => void process.stdout.write(text);
  let app: App | undefined;
  onSignals(async (signal) => {
    print(`\n${signal}: stopping …\n`);
    await app?.stop(signal).finally(flushCompileCache);
  }, STOP_LIMIT_MS);
  onCrash((error) => {
    const trace = traceOf(error);
    process.stderr.write(
      `\n✗ An error that nobody caught; the daemon ends, and the ledger says at the next start what it was in the midst of.\n` +
        `  → Start it again with \`reeve up\`, and report this:\n\n${trace}\n`,
    );
    app?.store.log.error('an error that nobody caught ends the daemon', { trace });
    app?.store.log.close();
  });
  app = await startWhenRoom(settings, (standIn) => {
    app = standIn;
    sayFull(standIn, print);
  });
  options.ready?.();
  helpersGiveWay(process.pid);
  sayStarted(app, await app.settle(), print);
  const from = app.store.ledger.head().size;
  await app.startSchedules(options.drill !== false);
  if (options.drill !== false) await sayDrill(app, print, from);
  sayNext(app, print);
  return new Promise<never>(() => {});
}
