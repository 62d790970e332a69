import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** Absolute: --home, else $REEVE_HOME, else ~/.reeve. */
export function homeFolder(given: string | undefined): string {
  const named = given ?? process.env['REEVE_HOME'];
  if (named !== undefined && named.trim() !== '') return resolve(named);
  return join(process.env['HOME'] || homedir(), '.reeve');
}

export const socketPath = (home: string): string => join(home, 'reeve.sock');

/** Version of this clone. */
export function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const parsed = JSON.parse(text) as { version?: unknown };
  return typeof parsed.version === 'string' ? parsed.version : '0.0.0';
}
