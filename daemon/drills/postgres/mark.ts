import type { SentinelSpec } from '../../../contracts/estate/drills.ts';
import type { SentinelMark } from '../driver.ts';
import { addressOf, connect, tableName } from './connect.ts';

/** One row a sentinel, replaced each time. */
export async function writePostgresMark(
  spec: Extract<SentinelSpec, { kind: 'postgres' }>,
  name: string,
  { uuid, at }: SentinelMark,
  { secret, signal }: { secret(name: string): Promise<string>; signal: AbortSignal },
): Promise<void> {
  const address = addressOf(spec.secret, await secret(spec.secret));
  const connection = await connect(address, { statementTimeoutMs: 5000, signal });
  const table = tableName(spec.table);
  const write = () =>
    connection.rows(
      `INSERT INTO ${table} (sentinel, uuid, at) VALUES ($1, $2, $3)
       ON CONFLICT (sentinel) DO UPDATE SET uuid = excluded.uuid, at = excluded.at`,
      [name, uuid, String(at)],
    );
  try {
    await write().catch(async (error: unknown) => {
      if (!(error instanceof Error && 'code' in error && error.code === UNDEFINED_TABLE)) throw error;
      await connection.rows(
        `CREATE TABLE IF NOT EXISTS ${table} (sentinel text PRIMARY KEY, uuid text NOT NULL, at bigint NOT NULL)`,
      );
      await write();
    });
  } finally {
    await connection.close();
  }
}

const UNDEFINED_TABLE = '42P01';
