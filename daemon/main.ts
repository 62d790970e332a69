import { startApp } from './app.ts';
import { readSettings, type Flags } from './config.ts';
import { onSignals } from './lifecycle.ts';
import { sayStarted, sayDrill, type Print } from './welcome.ts';

/** How long a clean stop may take, ms; then the process goes at once. */
const STOP_LIMIT_MS = 5000;

/**
 * `reeve up`: environment → app → exit status. Resolves once the daemon runs; it stays until a signal, which is raised
 * again after a clean stop. Rejects with a ReeveError when it cannot start.
 */
export async function up(flags: Flags, print: Print): Promise<void> {
  const app = await startApp(readSettings(flags));
  onSignals((signal) => {
    print(`\n${signal}: stopping …\n`);
    return app.stop(signal);
  }, STOP_LIMIT_MS);
  await sayStarted(app, print);
  await app.startSchedules();
  await sayDrill(app, print);
}
