import path from 'node:path';
import { parseArgs } from 'node:util';
import { REST } from 'discord.js';
import { readSettings } from '../link/settings.ts';
import { register } from './register.ts';

/*
 * `npm run bots:deploy [-- --dry-run] [--json]`: registers the commands now, if anything about them changed. The running bot does the
 * same by itself. `REEVE_DISCORD_TOKEN` is the bot's token.
 */
const { values } = parseArgs({
  options: {
    platform: { type: 'string' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const { daemon, folder, env } = readSettings('discord');
const api = env['REEVE_DISCORD_API'];
const rest = new REST(api === undefined ? {} : { api }).setToken(env['REEVE_DISCORD_TOKEN'] ?? '');
const dry = values['dry-run'];
const done = await register(rest, await daemon.session(), path.join(folder, 'discord.commands'), { dry });
daemon.close();
const words = done.changed ? (dry ? 'would be registered' : 'are registered') : 'are as they were';
const lines = [
  `Discord's commands ${words}.`,
  ...done.added.map((name) => `  + ${name}`),
  ...done.removed.map((name) => `  - ${name}`),
  ...(done.left.length === 0
    ? []
    : [`No room for: ${done.left.join(', ')} (/reeve do takes them, /reeve run runbooks)`]),
];
if (values.json) {
  const named = [...done.added.map((name) => `+ ${name}`), ...done.removed.map((name) => `- ${name}`)];
  const changes = done.changed && named.length === 0 ? ['~ options and descriptions'] : named;
  process.stdout.write(`${JSON.stringify({ changes, left: done.left })}\n`);
} else process.stdout.write(`${lines.join('\n')}\n`);
