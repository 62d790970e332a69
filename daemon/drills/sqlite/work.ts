import { DatabaseSync, backup } from 'node:sqlite';
import { z } from 'zod';
import { fail } from '../../../contracts/errors.ts';
import { mustNotice, type Control } from '../control.ts';
import { timeOf, verifyData, type Copy } from '../verify/data.ts';
import type { Request, Response } from './request.ts';

type Verify = Extract<Request, { do: 'verify' }>;

export async function answer(request: Request): Promise<Response> {
  return request.do === 'backup' ? copy(request.file, request.to) : verify(request);
}

/**
 * One read transaction around the counting and the copying, so that both are of the same moment. In WAL mode nobody is kept
 * waiting by it; in the older journal modes writers wait until the copy is done.
 */
async function copy(file: string, to: string): Promise<Response> {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    db.exec('BEGIN');
    const counts = countsOf(db);
    await backup(db, to, { rate: 1000 });
    db.exec('ROLLBACK');
    return { counts };
  } finally {
    db.close();
  }
}

const Names = z.array(z.object({ name: z.string() }));

/** Rows of every table that holds data, by name. */
function countsOf(db: DatabaseSync): Record<string, number> {
  const rows = db
    .prepare(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`,
    )
    .all();
  return Object.fromEntries(Names.parse(rows).map(({ name }) => [name, countOf(db, name)]));
}

function countOf(db: DatabaseSync, table: string): number {
  const row = db.prepare(`SELECT count(*) AS n FROM ${quoted(table)}`).get();
  return Number(row?.['n']);
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

async function verify(request: Verify): Promise<Response> {
  const db = new DatabaseSync(request.file, { timeout: 10_000, allowExtension: false });
  try {
    const check = () => asked(db, request);
    const outputs = await check();
    const mark = request.sentinel === null ? null : markIn(db, request.sentinel);
    return { outputs, mark, ...(request.control ? { control: await control(db, request, check) } : {}) };
  } finally {
    db.close();
  }
}

async function asked(db: DatabaseSync, request: Verify): Promise<Record<string, string>> {
  const said = db
    .prepare('PRAGMA integrity_check(20)')
    .all()
    .map((row) => String(row['integrity_check']));
  if (said.join() !== 'ok')
    throw fail('RESTORE_MISMATCH', { why: `PRAGMA integrity_check: ${said.join('; ').slice(0, 500)}` });
  return verifyData(copyOf(db), request.verify, request.counts ?? undefined, request.at);
}

function copyOf(db: DatabaseSync): Copy {
  return {
    count: async (table) => countOf(db, table),
    async newest(table, column) {
      const row = db.prepare(`SELECT max(${quoted(column)}) AS at FROM ${quoted(table)}`).get();
      const at = row?.['at'];
      return typeof at === 'string' || typeof at === 'number' ? timeOf(at) : null;
    },
    async value(sql) {
      const statement = db.prepare(sql);
      statement.setReadBigInts(true);
      db.exec('PRAGMA query_only = ON');
      try {
        const value = Object.values(statement.get() ?? {})[0];
        if (value === undefined || value === null) return null;
        return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
      } finally {
        db.exec('PRAGMA query_only = OFF');
      }
    },
  };
}

/** A row is deleted, the verification must fail, and the row is there again. */
async function control(
  db: DatabaseSync,
  { counts, sentinel }: Verify,
  check: () => Promise<unknown>,
): Promise<Control> {
  const rows = countsOf(db);
  const tables = Object.keys(counts ?? rows)
    .filter((name) => (rows[name] ?? 0) > 0 && name !== sentinel?.table)
    .sort((a, b) => (rows[b] ?? 0) - (rows[a] ?? 0));
  db.exec('PRAGMA foreign_keys = OFF');
  db.exec('BEGIN');
  try {
    const table = tables.find((name) => deleteRow(db, name));
    if (table === undefined) throw fail('DRILL_WORTHLESS', { why: 'there is not a row that can be deleted' });
    return await mustNotice(`a row of ${table} deleted`, check);
  } finally {
    db.exec('ROLLBACK');
  }
}

/** False for what has no rowid, as some tables and most views of extensions. */
function deleteRow(db: DatabaseSync, table: string): boolean {
  try {
    const name = quoted(table);
    return (
      Number(db.prepare(`DELETE FROM ${name} WHERE rowid = (SELECT min(rowid) FROM ${name})`).run().changes) >
      0
    );
  } catch {
    return false;
  }
}

const Mark = z.object({ uuid: z.string(), at: z.number() });

function markIn(
  db: DatabaseSync,
  { table, name }: { table: string; name: string },
): { uuid: string; at: number } | null {
  const there = db.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(table);
  if (there === undefined) return null;
  const row = db.prepare(`SELECT uuid, at FROM ${quoted(table)} WHERE sentinel = ?`).get(name);
  return row === undefined ? null : Mark.parse(row);
}
