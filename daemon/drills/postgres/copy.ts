import { fail } from '../../../contracts/errors.ts';
import { mustNotice, type Control } from '../control.ts';
import type { SentinelMark } from '../driver.ts';
import type { Copy } from '../verify/data.ts';
import { identifier, tableName, type Connection } from './connect.ts';

export function copyOf(connection: Connection): Copy {
  const first = async (sql: string): Promise<string | null> => (await connection.rows(sql))[0]?.[0] ?? null;
  return {
    count: async (table) => Number(await first(`SELECT count(*) FROM ${tableName(table)}`)),
    async newest(table, column) {
      const sql = `SELECT floor(extract(epoch FROM max(${identifier(column)})) * 1000)::bigint FROM ${tableName(table)}`;
      const ms = await first(sql);
      return ms === null ? null : Number(ms);
    },
    value: first,
  };
}

/** Rows of each table, by `schema.name`. `all`: every table of people's own, a partitioned one as a whole. */
export async function countRows(
  connection: Connection,
  which: 'all' | 'none' | readonly string[],
): Promise<Record<string, number> | undefined> {
  if (which === 'none') return undefined;
  const names =
    which === 'all'
      ? (
          await connection.rows(
            `SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence = 'p'
               AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1`,
          )
        ).flatMap(([name]) => name ?? [])
      : which;
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = await copyOf(connection).count(name);
  return counts;
}

/** The mark of a sentinel; null when there is none, or no table for it. */
export async function markIn(
  connection: Connection,
  { table, name }: { table: string; name: string },
): Promise<SentinelMark | null> {
  const [[there] = []] = await connection.rows('SELECT to_regclass($1)', [tableName(table)]);
  if (there === null || there === undefined) return null;
  const [row] = await connection.rows(`SELECT uuid, at FROM ${tableName(table)} WHERE sentinel = $1`, [name]);
  return row === undefined ? null : { uuid: row[0] ?? '', at: Number(row[1]) };
}

/**
 * Deletes a row of a copy in a transaction, demands that the same verification fails, and takes it back.
 *
 * @param tables those whose rows count; the first from which a row can be deleted is taken
 */
export async function rowControl(
  connection: Connection,
  tables: readonly string[],
  check: () => Promise<unknown>,
): Promise<Control> {
  await connection.rows('BEGIN READ WRITE');
  try {
    for (const table of tables) {
      const deleted = await deleteRow(connection, table);
      if (deleted) return await mustNotice(`a row of ${table} deleted`, check);
    }
    throw fail('DRILL_WORTHLESS', { why: 'there is not a row that can be deleted' });
  } finally {
    await connection.rows('ROLLBACK').catch(() => undefined);
  }
}

/** False when there is none, or when something else holds on to it. */
async function deleteRow(connection: Connection, table: string): Promise<boolean> {
  const name = tableName(table);
  await connection.rows('SAVEPOINT control');
  try {
    const rows = await connection.rows(
      `DELETE FROM ${name} WHERE (tableoid, ctid) IN (SELECT tableoid, ctid FROM ${name} LIMIT 1) RETURNING 1`,
    );
    return rows.length > 0;
  } catch {
    await connection.rows('ROLLBACK TO SAVEPOINT control');
    return false;
  }
}
