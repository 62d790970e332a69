import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Platform } from '../../contracts/chat.ts';
import { Daemon } from './client.ts';

export interface Settings {
  daemon: Daemon;
  /** Folder of the bot's files: its credential, what it remembers. */
  folder: string;
  env: NodeJS.ProcessEnv;
}

/**
 * Reads `REEVE_HOME` (default ~/.reeve), `REEVE_BOT_FOLDER` (default `bots` in the home) and `REEVE_URL` (default: the
 * socket in the home), and the credential `<platform>.token`. Throws when there is none: `reeve chat setup` makes it.
 */
export function readSettings(platform: Platform, env: NodeJS.ProcessEnv = process.env): Settings {
  const home = path.resolve(env['REEVE_HOME'] ?? path.join(os.homedir(), '.reeve'));
  const folder = path.resolve(env['REEVE_BOT_FOLDER'] ?? path.join(home, 'bots'));
  const token = readFileSync(path.join(folder, `${platform}.token`), 'utf8').trim();
  const url = env['REEVE_URL'];
  const at = url === undefined ? { socket: path.join(home, 'reeve.sock') } : { url };
  return { daemon: new Daemon({ at, token }), folder, env };
}

/** One line of JSON on stderr: whoever started the bot keeps it. Never a token. */
export function logLine(level: string, message: string, detail?: unknown): void {
  const more = detail === undefined ? {} : { detail: detail instanceof Error ? describe(detail) : detail };
  process.stderr.write(`${JSON.stringify({ level, message, ...more })}\n`);
}

function describe(error: Error): string {
  const cause = error.cause instanceof Error ? ` ← ${error.cause.message}` : '';
  return `${error.name}: ${error.message}${cause}`.slice(0, 500);
}
