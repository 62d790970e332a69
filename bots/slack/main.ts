import { collectNowAndThen, systemPace } from '../link/pace.ts';
import { logLine, readSettings } from '../link/settings.ts';
import { runSlack } from './start.ts';

/*
 * The process of the Slack bot. `REEVE_SLACK_BOT_TOKEN` and `REEVE_SLACK_APP_TOKEN`: its tokens. `REEVE_SLACK_API`: another
 * address of the Web API. Under a supervisor it ends when Slack refuses a token: it is started again with another one.
 */
const { daemon, env } = readSettings('slack');
const stopping = new AbortController();
const supervised = env['REEVE_SUPERVISED'] !== undefined;

function stop(code: number): void {
  process.exitCode ??= code;
  stopping.abort();
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stop(0));
process.on('unhandledRejection', (error) => logLine('error', 'unhandled', error));
// Whoever started it is gone: with the daemon ends what the daemon supervises.
if (supervised) process.stdin.once('close', () => stop(0)).resume();

collectNowAndThen();
await runSlack({
  daemon,
  tokens: { bot: env['REEVE_SLACK_BOT_TOKEN'] ?? '', app: env['REEVE_SLACK_APP_TOKEN'] ?? '' },
  api: env['REEVE_SLACK_API'],
  pace: systemPace,
  now: Date.now,
  log: logLine,
  signal: stopping.signal,
  refused: () => supervised && stop(1),
});
daemon.close();
process.exit();
