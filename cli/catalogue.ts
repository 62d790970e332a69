import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Catalogue } from '../contracts/catalogue.ts';
import { call, notReeve } from './io/http.ts';
import { socketPath, version } from './io/home.ts';
import { Problem } from './io/problem.ts';

export const cacheFile = (home: string): string => join(home, 'catalogue.json');

/** The catalogue of the running daemon. Rejects DAEMON_UNREACHABLE, DAEMON_NOT_REEVE, DAEMON_VERSION … */
export async function fetchCatalogue(home: string, timeout = 5000): Promise<Catalogue> {
  const path = socketPath(home);
  const answer = await call(path, { path: '/v1/catalogue', timeout });
  const value = parse(answer.text);
  if (value === undefined) throw notReeve(path, `HTTP ${answer.status} ${answer.type}`.trim());
  const { Catalogue } = await import('../contracts/catalogue.ts');
  const result = Catalogue.safeParse(value);
  if (result.success) return result.data;
  const { refusedBy } = await import('./answer.ts');
  const theirs = value !== null && typeof value === 'object' && 'reeve' in value ? value.reeve : undefined;
  throw (
    refusedBy(path, answer.status, value) ??
    (typeof theirs === 'string'
      ? new Problem('DAEMON_VERSION', { theirs, ours: version() })
      : notReeve(path, 'its catalogue is none'))
  );
}

/** Kept for `--help` and completion while no daemon runs. Failing to keep it is no reason to fail the command. */
export function keepCatalogue(home: string, catalogue: Catalogue): void {
  const file = cacheFile(home);
  const fresh = `${file}.${process.pid}`;
  try {
    if (readCached(home)?.digest === catalogue.digest) return;
    // A home that is not there yet belongs to the first start.
    if (!statSync(home).isDirectory()) return;
    writeFileSync(fresh, JSON.stringify(catalogue), { mode: 0o600, flag: 'wx' });
    renameSync(fresh, file);
  } catch {
    // Read-only or full: help and completion then know the built-in commands only.
    rmSync(fresh, { force: true });
  }
}

/** What the last daemon of this home offered. Only the shape that help and completion touch is checked. */
export function readCached(home: string): Catalogue | undefined {
  let text: string;
  try {
    text = readFileSync(cacheFile(home), 'utf8');
  } catch {
    return undefined;
  }
  const value = parse(text) as Partial<Catalogue> | null | undefined;
  const sound =
    value?.v === 1 &&
    Array.isArray(value.commands) &&
    value.commands.every(
      (c) => typeof c?.name === 'string' && Array.isArray(c.args) && Array.isArray(c.aliases),
    );
  return sound ? (value as Catalogue) : undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
