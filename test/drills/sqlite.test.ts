import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, onTestFinished, test } from 'vitest';
import { sha256Hex } from '../../daemon/digest.ts';
import { makeSite, refusal, type Site } from './site.ts';

const SENTINEL = { app: { kind: 'sqlite' as const, file: 'app.db', table: 'reeve_sentinel', every: 60_000 } };

/** A live database in WAL mode with an open writer. */
async function app(): Promise<{ site: Site; db: DatabaseSync; path: string }> {
  const site = await makeSite(SENTINEL);
  const path = join(site.root, 'app.db');
  const db = new DatabaseSync(path);
  onTestFinished(() => db.close());
  db.exec(`PRAGMA journal_mode = WAL;
    CREATE TABLE orders (id INTEGER PRIMARY KEY, at TEXT NOT NULL, total INTEGER NOT NULL);
    CREATE TABLE items (order_id INTEGER NOT NULL REFERENCES orders, name TEXT NOT NULL);`);
  const order = db.prepare('INSERT INTO orders VALUES (?, ?, ?)');
  const item = db.prepare('INSERT INTO items VALUES (?, ?)');
  for (let i = 1; i <= 300; i++) {
    order.run(i, new Date(Date.now() - 1000 * (300 - i)).toISOString(), i * 10);
    item.run(i, `item "${i}"`);
  }
  return { site, db, path };
}

const backup = (site: Site, more = {}) => site.backup('sqlite', { file: 'app.db', to: 'backups', ...more });
const restore = (site: Site, more = {}, context = {}) =>
  site.restore('sqlite', { from: 'backups', live: 'app.db', ...more }, context);
const QUERIES = [
  { sql: 'SELECT sum(total) FROM orders', expect: 451_500 },
  { sql: 'SELECT name FROM items WHERE order_id = 7 -- the seventh', expect: 'item "7"' },
  { sql: 'SELECT NULL', expect: null },
];

test('a live database is backed up while it is written to, restored, asked and measured', async () => {
  const { site, db, path } = await app();
  await site.mark();
  db.exec("BEGIN IMMEDIATE; INSERT INTO orders VALUES (1000, '2001-01-01', 1)");
  const made = await backup(site);
  db.exec('COMMIT');
  await site.mark();
  const live = sha256Hex(await readFile(path));
  const verify = { newest: [{ table: 'orders', column: 'at', within: '1h' }], queries: QUERIES };
  const { outputs, phases } = await restore(site, {
    checkpoint: made.outputs['checkpoint'],
    sentinel: 'app',
    verify,
  });
  // 300 orders, 300 items and the sentinel's row: what was not committed is not in it.
  expect(outputs).toMatchObject({ tables: '3', rows: '601', queries: '3', rpo_basis: 'sentinel' });
  expect(outputs['sentinel']).not.toBe((await site.home.sentinels.newest('app'))?.uuid);
  expect(outputs['control']).toMatch(
    /^noticed: bit \d of byte \d+ of a copy of the backup \(BACKUP_CORRUPT\); a row of (orders|items) deleted \(RESTORE_MISMATCH\)$/,
  );
  expect(Object.keys(phases)).toEqual(['fetch', 'restore', 'verify']);
  expect(await site.left()).toEqual([]);
  expect(sha256Hex(await readFile(path))).toBe(live);
});

test('each wrong answer of the restored data is a mismatch that says which', async () => {
  const { site, db } = await app();
  await backup(site);
  const why = async (verify: object): Promise<string> => {
    const { code, message } = await refusal(restore(site, { verify }));
    expect(code).toBe('RESTORE_MISMATCH');
    return message;
  };
  expect(await why({ queries: [{ sql: 'SELECT count(*) FROM orders', expect: 299 }] })).toContain(
    'gives 300 and not 299',
  );
  expect(await why({ queries: [{ sql: 'SELECT count(*) FROM nowhere', expect: 1 }] })).toContain(
    'no such table',
  );
  expect(await why({ queries: [{ sql: 'DELETE FROM orders', expect: 0 }] })).toContain('readonly');
  expect(await why({ newest: [{ table: 'orders', column: 'at', within: '1ms' }] })).toMatch(
    /is .* old, over 1 ms/,
  );
  expect(await why({ newest: [{ table: 'orders', column: 'never', within: '1h' }] })).toContain('never');
  db.exec('DELETE FROM items WHERE order_id = 3');
  const [json] = (await readdir(join(site.root, 'backups'))).filter((name) => name.endsWith('.json'));
  const recorded = await readFile(join(site.root, 'backups', json ?? ''), 'utf8');
  await writeFile(join(site.root, 'backups', json ?? ''), recorded.replace('"items":300', '"items":301'));
  expect(await why({})).toContain('items has 300 rows, the backup recorded 301');
});

test('a verification that would not notice a missing row makes the drill worthless', async () => {
  const { site } = await app();
  await backup(site);
  const verify = { counts: false, queries: [{ sql: 'SELECT 1', expect: 1 }] };
  const { code, message } = await refusal(restore(site, { verify }));
  expect([code, message]).toEqual(['DRILL_WORTHLESS', expect.stringMatching(/a row of \w+ deleted/)]);
  expect(await site.left()).toEqual([]);
});

test('a control that is noticed only because a question could not be asked proves nothing', async () => {
  const { site } = await app();
  await backup(site);
  // Well as long as no row is missing; then an error of its own, as a lost connection or a timeout would be.
  const sql = `SELECT CASE (SELECT count(*) FROM orders) + (SELECT count(*) FROM items)
    WHEN 600 THEN 1 ELSE json('not json') END`;
  const refused = await refusal(restore(site, { verify: { counts: false, queries: [{ sql, expect: 1 }] } }));
  expect(refused.code).toBe('DRILL_WORTHLESS');
  expect(refused.message).toContain('could not be judged');
});

test('a damaged, missing or foreign backup is refused, and a live name as the target', async () => {
  const { site, path } = await app();
  expect((await refusal(restore(site))).code).toBe('BACKUP_NOT_FOUND');
  const made = await backup(site);
  const file = made.outputs['path'] ?? '';
  const good = await readFile(file);
  const bad = Buffer.from(good);
  bad[5000] = (bad[5000] ?? 0) ^ 8;
  await writeFile(file, bad);
  expect((await refusal(restore(site))).code).toBe('BACKUP_CORRUPT');
  // With a digest that fits the damage, SQLite itself must see it.
  const [json = ''] = (await readdir(join(site.root, 'backups'))).filter((name) => name.endsWith('.json'));
  const text = await readFile(join(site.root, 'backups', json), 'utf8');
  const torn = Buffer.concat([good.subarray(0, 4096), Buffer.alloc(good.length - 4096, 0xaa)]);
  await writeFile(file, torn);
  await writeFile(join(site.root, 'backups', json), text.replace(sha256Hex(good), sha256Hex(torn)));
  expect((await refusal(restore(site))).code).toBe('RESTORE_MISMATCH');
  expect((await refusal(restore(site, { checkpoint: made.outputs['checkpoint'] }))).message).toContain(
    'was recorded',
  );
  const live = sha256Hex(await readFile(path));
  for (const target of [path, site.root, join(site.root, 'backups'), site.home.home])
    expect((await refusal(restore(site, { target }))).code).toBe('RESTORE_TARGET_REFUSED');
  expect(sha256Hex(await readFile(path))).toBe(live);
});

test('old backups go, an unfinished one is cleared, and a source that is not there makes none', async () => {
  const { site } = await app();
  await mkdir(join(site.root, 'backups'));
  await writeFile(join(site.root, 'backups', '20260101T000000000Z-00000000.sqlite.partial'), 'half');
  await writeFile(join(site.root, 'backups', 'mine.sqlite.partial'), 'not ours');
  const ids = [];
  for (let i = 0; i < 3; i++) ids.push((await backup(site, { keep: 2 })).outputs['backup_id']);
  const names = ids.slice(1).flatMap((id) => [`${id}.json`, `${id}.sqlite`]);
  expect((await readdir(join(site.root, 'backups'))).sort()).toEqual(
    [...names, 'mine.sqlite.partial'].sort(),
  );
  expect((await refusal(backup(site, { file: 'none.db' }))).code).toBe('BACKUP_FAILED');
  expect(await readdir(site.root)).toEqual(expect.not.arrayContaining(['none.db']));
  await writeFile(
    join(site.root, 'text.db'),
    'this is no database, but long enough to be read as one'.repeat(20),
  );
  expect((await refusal(backup(site, { file: 'text.db' }))).message).toContain('not a database');
});

test('a full disk ends backup and restore clearly, and leaves nothing', async () => {
  const { site, db } = await app();
  db.exec(`CREATE TABLE blobs AS SELECT randomblob(4000000) AS data`);
  await backup(site);
  const { scratch } = await site.context();
  const small = join(site.root, 'small');
  await mkdir(small);
  for (const dir of [scratch, small]) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', dir]);
    onTestFinished(() => void execFileSync('umount', ['-l', dir]));
  }
  expect((await refusal(restore(site, {}, { scratch }))).code).toBe('RESTORE_DISK_FULL');
  expect(await readdir(scratch)).toEqual([]);
  expect((await refusal(backup(site, { to: 'small' }))).code).toBe('BACKUP_DISK_FULL');
  expect(await readdir(small)).toEqual([]);
});

test('a service is asked about the restored file', async () => {
  const { site } = await app();
  await backup(site);
  const script = `const { DatabaseSync } = require('node:sqlite');
    const db = new DatabaseSync(process.env.DATABASE_FILE);
    db.exec('DELETE FROM items; DELETE FROM orders WHERE id > 100');
    require('http').createServer((q, a) => a.end('orders ' + db.prepare('SELECT count(*) n FROM orders').get().n)).listen(process.env.PORT);`;
  const service = { command: ['node', '-e', script], ask: { http: '/', contains: 'orders 100' } };
  const { outputs } = await restore(site, { verify: { service } });
  expect(outputs).toMatchObject({ service: 'GET /: 200', control: expect.stringContaining('noticed') });
});
