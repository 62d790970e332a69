import { z } from 'zod';
import { Duration } from '../../../contracts/duration.ts';
import { fail } from '../../../contracts/errors.ts';
import { noAnswer } from '../control.ts';
import { words } from '../figures.ts';
import { ServiceOptions } from './service.ts';

/** A table as people write it: `orders` or `shop.orders`. */
export const TableName = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}(?:\.[A-Za-z_][A-Za-z0-9_$]{0,62})?$/, 'a table: name or schema.name');
const Column = z.string().regex(/^[A-Za-z_][A-Za-z0-9_$]{0,62}$/, 'a column name');

const Expected = z.union([z.string().max(2000), z.int(), z.boolean(), z.null()]);

/** What a restored database is asked. */
export const DataVerification = z.strictObject({
  /** Every table that the checkpoint of the backup counted has as many rows. */
  counts: z.boolean().default(true),
  /** The newest row is no older than this at the disaster. */
  newest: z
    .array(z.strictObject({ table: TableName, column: Column, within: Duration }))
    .max(50)
    .default([]),
  /** The first column of the first row of a statement that only reads. */
  queries: z
    .array(z.strictObject({ sql: z.string().min(1).max(10_000), expect: Expected }))
    .max(50)
    .default([]),
  service: ServiceOptions.optional(),
});
export type DataVerification = z.infer<typeof DataVerification>;

/** A connection to a restored copy, and to nothing else. */
export interface Copy {
  /** Rows of a table. Rejects when there is no such table. */
  count(table: string): Promise<number>;
  /** The newest time in a column, ms; null when there is none. */
  newest(table: string, column: string): Promise<number | null>;
  /** First column of the first row as text; null when it is NULL or there is no row. */
  value(sql: string): Promise<string | null>;
}

const mismatch = (why: string, cause?: unknown): Error => fail('RESTORE_MISMATCH', { why }, { cause });

/**
 * Everything that is asked of the data, in order; a question that cannot be asked is a wrong answer.
 *
 * @param recorded rows of each table at the backup
 * @param disasterAt ms
 * @returns outputs: what was found
 * @throws RESTORE_MISMATCH
 */
export async function verifyData(
  copy: Copy,
  options: DataVerification,
  recorded: Record<string, number> | undefined,
  disasterAt: number,
): Promise<Record<string, string>> {
  let rows = 0;
  if (options.counts) {
    if (recorded === undefined)
      throw mismatch('its backup has no recorded row counts; `counts: false` under verify does without');
    for (const [table, want] of Object.entries(recorded)) {
      const got = await asked(`the rows of ${table}`, () => copy.count(table));
      if (got !== want) throw mismatch(`${table} has ${got} rows, the backup recorded ${want}`);
      rows += got;
    }
  }
  for (const { table, column, within } of options.newest) {
    const at = await asked(`the newest ${column} of ${table}`, () => copy.newest(table, column));
    if (at === null) throw mismatch(`${table} has no row with a ${column}`);
    const age = Math.max(0, disasterAt - at);
    if (age > within)
      throw mismatch(`the newest ${column} of ${table} is ${words(age)} old, over ${words(within)}`);
  }
  for (const { sql, expect } of options.queries) {
    const got = await asked(sql, () => copy.value(sql));
    if (!same(got, expect))
      throw mismatch(`${sql.slice(0, 200)} gives ${got ?? 'NULL'} and not ${String(expect ?? 'NULL')}`);
  }
  return {
    ...(options.counts ? { tables: String(Object.keys(recorded ?? {}).length), rows: String(rows) } : {}),
    ...(options.queries.length === 0 ? {} : { queries: String(options.queries.length) }),
  };
}

async function asked<T>(what: string, ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    throw noAnswer(mismatch(`${what.slice(0, 200)} cannot be asked: ${said}`, cause));
  }
}

function same(got: string | null, expect: z.infer<typeof Expected>): boolean {
  if (got === null || expect === null) return got === expect;
  if (typeof expect === 'boolean') return (expect ? ['t', 'true', '1'] : ['f', 'false', '0']).includes(got);
  return got === String(expect);
}

/** A time as databases give it: a number of seconds or milliseconds, or text; ms. Text without a zone is UTC. */
export function timeOf(value: string | number | bigint | null): number | null {
  if (value === null) return null;
  const number = typeof value === 'string' && !/^\d+(?:\.\d+)?$/.test(value) ? Number.NaN : Number(value);
  // Seconds until the year 5138, milliseconds since 1973.
  if (Number.isFinite(number)) return Math.floor(number < 1e11 ? number * 1000 : number);
  const text = String(value).trim().replace(' ', 'T');
  const at = Date.parse(/(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? text : `${text}Z`);
  return Number.isNaN(at) ? null : at;
}
