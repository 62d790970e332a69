import path from 'node:path';
import { BOT_FLAGS } from './daemon/chat/supervisor.ts';

/*
 * Reeve under PM2 (bots/README.md). The daemon's flags and memory settings are those of cli/reeve, which starts it; a bot's
 * are those with which the daemon itself starts one.
 */
const root = import.meta.dirname;

const bot = (platform) => ({
  name: `reeve-${platform}`,
  script: path.join(root, `bots/${platform}/main.ts`),
  interpreter: path.join(root, 'node_modules/node/bin/node'),
  node_args: BOT_FLAGS,
  env: { NODE_COMPILE_CACHE: path.join(root, 'node_modules/.cache/reeve') },
  exp_backoff_restart_delay: 1000,
});

export const apps = [
  {
    name: 'reeve',
    script: path.join(root, 'cli/reeve'),
    args: 'up',
    interpreter: 'none',
    kill_timeout: 30_000,
    exp_backoff_restart_delay: 1000,
  },
  bot('discord'),
  bot('slack'),
];
