import path from 'node:path';
import { collectNowAndThen, systemPace } from '../link/pace.ts';
import { logLine, readSettings } from '../link/settings.ts';
import { DiscordBot } from './bot.ts';

/*
 * The process of the Discord bot. `REEVE_DISCORD_TOKEN`: the bot's token. `REEVE_DISCORD_API`: another address of the API.
 * It ends when Discord refuses the token, so that whoever started it comes with another one.
 */
const { daemon, folder, env } = readSettings('discord');
const bot = new DiscordBot({
  daemon,
  token: env['REEVE_DISCORD_TOKEN'] ?? '',
  api: env['REEVE_DISCORD_API'],
  memory: path.join(folder, 'discord.commands'),
  pace: systemPace,
  now: Date.now,
  log: logLine,
  refused: () => end(1),
});

function end(code: number): void {
  void bot.stop().finally(() => process.exit(code));
}
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(0));
process.on('unhandledRejection', (error) => logLine('error', 'unhandled', error));
// Whoever started it is gone: with the daemon ends what the daemon supervises.
if (env['REEVE_SUPERVISED'] !== undefined) process.stdin.once('close', () => end(0)).resume();
collectNowAndThen();
await bot.start();
