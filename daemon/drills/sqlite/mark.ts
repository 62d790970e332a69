import { lstat } from 'node:fs/promises';
import { DatabaseSync } from 'node:sqlite';
import type { SentinelSpec } from '../../../contracts/estate/drills.ts';
import type { Clock } from '../../ports/clock.ts';
import type { SentinelMark } from '../driver.ts';
import { absolute } from '../options.ts';

/** SQLite waits synchronously for a lock: never longer than this at once, so that the daemon goes on. */
const BUSY_MS = 20;
const TRIES = 40;

/** One row a sentinel, replaced each time. */
export async function writeSqliteMark(
  spec: Extract<SentinelSpec, { kind: 'sqlite' }>,
  name: string,
  { uuid, at }: SentinelMark,
  { root, signal, clock }: { root: string; signal: AbortSignal; clock: Clock },
): Promise<void> {
  const file = absolute(root, spec.file);
  // SQLite would make one that is not there.
  if (!(await lstat(file)).isFile()) throw new Error(`${file} is no file`);
  const table = spec.table
    .split('.')
    .map((part) => `"${part}"`)
    .join('.');
  for (let tries = 1; ; tries++) {
    signal.throwIfAborted();
    const db = new DatabaseSync(file, { timeout: BUSY_MS });
    try {
      db.exec(
        `CREATE TABLE IF NOT EXISTS ${table} (sentinel TEXT PRIMARY KEY, uuid TEXT NOT NULL, at INTEGER NOT NULL)`,
      );
      db.prepare(
        `INSERT INTO ${table} VALUES (?, ?, ?) ON CONFLICT (sentinel) DO UPDATE SET uuid = excluded.uuid, at = excluded.at`,
      ).run(name, uuid, at);
      return;
    } catch (error) {
      const busy = error instanceof Error && /locked|busy/i.test(error.message);
      if (!busy || tries === TRIES) throw error;
    } finally {
      db.close();
    }
    await clock.sleep(100, { signal });
  }
}
