import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import { sha256Hex } from '../../daemon/digest.ts';
import { connect, addressOf } from '../../daemon/drills/postgres/connect.ts';
import { POSTGRES_BIN, lacksPostgres } from '../helpers/needs.ts';
import { startPostgres, type TestServer } from './live-postgres.ts';
import { makeSite, refusal, type Site } from './site.ts';

const SENTINEL = {
  shop: { kind: 'postgres' as const, secret: 'shop-db', table: 'reeve_sentinel', every: 60_000 },
};
const none = lacksPostgres();
let server: TestServer;
let stop = async (): Promise<void> => {};
beforeAll(async () => {
  if (!none) server = await startPostgres((end) => (stop = end));
});
afterAll(() => stop());

let count = 0;
/** A live database of its own, whose URL is the secret `shop-db`; `drill-server` names the server's scratch side. */
async function shop(): Promise<{ site: Site; live: string }> {
  const live = `shop_${++count}`;
  await server.sql('postgres', `CREATE DATABASE ${live}`);
  await server.sql(
    live,
    `CREATE TABLE orders (id bigint PRIMARY KEY, at timestamptz NOT NULL DEFAULT now(), total numeric(12,2))`,
    `CREATE TABLE items (order_id bigint REFERENCES orders, name text)`,
    `CREATE SCHEMA "Odd Schema"`,
    `CREATE TABLE events (id bigint, day date) PARTITION BY RANGE (day)`,
    `CREATE TABLE events_26 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01')`,
    `INSERT INTO orders SELECT i, now() - make_interval(secs => i), i * 1.5 FROM generate_series(1, 2000) i`,
    `INSERT INTO items SELECT i, 'item ' || i FROM generate_series(1, 2000) i`,
    `INSERT INTO events SELECT i, '2026-02-03' FROM generate_series(1, 10) i`,
  );
  const site = await makeSite(SENTINEL);
  await site.home.secrets.set('shop-db', server.url(live));
  await site.home.secrets.set('drill-server', server.url('postgres'));
  return { site, live };
}
const backup = (site: Site, more = {}) =>
  site.backup('postgres', { database: 'shop-db', to: 'backups', ...more });
const restore = (site: Site, more = {}, context = {}) =>
  site.restore('postgres', { from: 'backups', live: 'shop-db', ...more }, context);
const databases = async (): Promise<string[]> =>
  (await server.sql('postgres', 'SELECT datname FROM pg_database')).map((row) => String(row['datname']));
const state = (live: string) =>
  server.sql(
    live,
    `SELECT (SELECT md5(string_agg(o::text, ',' ORDER BY id)) FROM orders o) AS orders, (SELECT count(*) FROM items) AS items,
            (SELECT count(*) FROM pg_class WHERE relkind = 'r') AS tables`,
  );

test.skipIf(none)('a dump is restored into a scratch database, asked, measured, and gone', async () => {
  const { site, live } = await shop();
  await site.mark();
  const made = await backup(site);
  expect(made.outputs).toMatchObject({ tables: '4' });
  // What comes after the dump's snapshot is lost.
  await site.mark();
  await server.sql(live, `DELETE FROM items WHERE order_id > 1000`);
  const before = await state(live);
  const verify = {
    newest: [{ table: 'public.orders', column: 'at', within: '1h' }],
    queries: [
      { sql: 'SELECT sum(total) FROM orders', expect: '3001500.00' },
      { sql: 'SELECT count(*) > 0 FROM items', expect: true },
      { sql: 'SELECT name FROM items WHERE order_id = 0', expect: null },
    ],
  };
  const { outputs, phases } = await restore(site, {
    server: 'drill-server',
    checkpoint: made.outputs['checkpoint'],
    sentinel: 'shop',
    verify,
  });
  expect(outputs).toMatchObject({ rows: '4011', tables: '4', queries: '3', rpo_basis: 'sentinel' });
  expect(outputs['scratch']).toMatch(/^reeve_drill_[0-9a-f]{12}$/);
  expect(outputs['sentinel']).not.toBe((await site.home.sentinels.newest('shop'))?.uuid);
  expect(outputs['control']).toMatch(
    /^noticed: bit \d of byte \d+ of a copy of the backup \(BACKUP_CORRUPT\); a row of public\.(orders|items) deleted \(RESTORE_MISMATCH\)$/,
  );
  expect(Object.keys(phases)).toEqual(['fetch', 'restore', 'verify']);
  expect(await databases()).not.toContain(outputs['scratch']);
  expect(await site.left()).toEqual([]);
  expect(await site.deps.leftovers.open()).toEqual([]);
  expect(await state(live)).toEqual(before);
  const shown = JSON.stringify([made, outputs]) + site.logged();
  expect(shown).not.toContain('a-database-password');
});

test.skipIf(none)('a service is asked about the scratch database', async () => {
  const { site } = await shop();
  await backup(site);
  const script = `const pg = require(${JSON.stringify(join(import.meta.dirname, '../../node_modules/pg'))});
    const c = new pg.Client({ connectionString: process.env.DATABASE_URL });
    c.connect().then(() => c.query('DELETE FROM items')).then(() => c.query('SELECT current_database() d, count(*) n FROM orders')).then(({ rows: [r] }) =>
      require('http').createServer((q, a) => a.end(r.d + ' has ' + r.n)).listen(process.env.PORT));`;
  const service = { command: ['node', '-e', script], ask: { http: '/', contains: 'has 2000' } };
  const { outputs, phases } = await restore(site, { verify: { service } });
  expect(outputs['service']).toBe('GET /: 200');
  expect(Object.keys(phases)).toEqual(['fetch', 'restore', 'verify', 'boot']);
  expect(await databases()).not.toContain(outputs['scratch']);
});

test.skipIf(none)('the live database is never a target: by its name, by another, by its prefix', async () => {
  const { site, live } = await shop();
  await backup(site);
  const before = await state(live);
  await server.sql('postgres', 'CREATE DATABASE reeve_drill_taken');
  await server.sql('reeve_drill_taken', 'CREATE TABLE precious (id int)');
  const refused: [object, string][] = [
    [{ target: live }, 'it is the live database'],
    [{ target: live, server: 'drill-server' }, 'it is the live database'],
    [{ target: 'postgres', server: 'drill-server' }, 'itself names it'],
    [{ target: 'template1' }, 'does not begin with reeve_drill_'],
    [{ target: 'reeve_drill_' }, 'does not begin with reeve_drill_'],
    [{ target: 'reeve_drill_"; DROP DATABASE x' }, 'does not begin with reeve_drill_'],
    [{ target: 'reeve_drill_taken' }, 'exists already'],
    [{ prefix: 'shop_', target: 'shop_other' }, 'begins with shop_, too'],
  ];
  for (const [options, why] of refused) {
    const { code, message } = await refusal(restore(site, options));
    expect([code, message]).toEqual(['DATABASE_REFUSED', expect.stringContaining(why)]);
  }
  expect(await state(live)).toEqual(before);
  expect(await server.sql('reeve_drill_taken', 'SELECT count(*) FROM precious')).toEqual([{ count: '0' }]);
  expect((await databases()).filter((name) => name.startsWith('reeve_drill_'))).toEqual([
    'reeve_drill_taken',
  ]);
  await server.sql('postgres', 'DROP DATABASE reeve_drill_taken');
});

test.skipIf(none)('wrong answers are mismatches, and the scratch database is gone after each', async () => {
  const { site } = await shop();
  await backup(site);
  const why = async (verify: object): Promise<string> => {
    const { code, message } = await refusal(restore(site, { verify }));
    expect(code).toBe('RESTORE_MISMATCH');
    return message;
  };
  expect(await why({ queries: [{ sql: 'SELECT count(*) FROM orders', expect: 1 }] })).toContain(
    'gives 2000 and not 1',
  );
  expect(await why({ queries: [{ sql: 'DELETE FROM orders', expect: 1 }] })).toContain(
    'read-only transaction',
  );
  expect(await why({ queries: [{ sql: 'COMMIT; DROP TABLE orders', expect: 1 }] })).toContain(
    'multiple commands',
  );
  const slow = { queries: [{ sql: 'SELECT pg_sleep(600)', expect: '' }] };
  expect((await refusal(restore(site, { verify: slow, statement_timeout: '1s' }))).message).toContain(
    'statement timeout',
  );
  expect((await databases()).filter((name) => name.startsWith('reeve_drill_'))).toEqual([]);
  const blind = { counts: false, queries: [{ sql: 'SELECT 1', expect: 1 }] };
  expect((await refusal(restore(site, { verify: blind }))).code).toBe('DRILL_WORTHLESS');
  expect((await databases()).filter((name) => name.startsWith('reeve_drill_'))).toEqual([]);
});

test.skipIf(none)(
  'missing, empty and damaged backups, missing programs, versions that do not fit, and a server that is away',
  async () => {
    const { site } = await shop();
    expect((await refusal(restore(site))).code).toBe('BACKUP_NOT_FOUND');
    const made = await backup(site);
    const dump = await readFile(made.outputs['path'] ?? '');
    const bad = Buffer.from(dump);
    bad[bad.length >> 1] = (bad[bad.length >> 1] ?? 0) ^ 1;
    await writeFile(made.outputs['path'] ?? '', bad);
    expect((await refusal(restore(site))).code).toBe('BACKUP_CORRUPT');
    // With its digest corrected, PostgreSQL must find it: cut off in the middle.
    const [json = ''] = (await readdir(join(site.root, 'backups'))).filter((name) => name.endsWith('.json'));
    const text = await readFile(join(site.root, 'backups', json), 'utf8');
    const half = dump.subarray(0, dump.length >> 1);
    await writeFile(made.outputs['path'] ?? '', half);
    const forged = text
      .replace(sha256Hex(dump), sha256Hex(half))
      .replace(`"size":${dump.length}`, `"size":${half.length}`);
    await writeFile(join(site.root, 'backups', json), forged);
    expect((await refusal(restore(site))).code).toBe('RESTORE_FAILED');

    expect(await refusal(backup(site, { bin: site.root }))).toMatchObject({
      code: 'PROGRAM_MISSING',
      hint: expect.stringContaining('postgresql-client'),
    });
    const old = join(site.root, 'old');
    await mkdir(old);
    for (const name of ['pg_dump', 'pg_restore', 'pg_basebackup']) {
      await writeFile(join(old, name), `#!/bin/sh\necho "${name} (PostgreSQL) 12.7"\n`);
      await chmod(join(old, name), 0o755);
    }
    const versions = await refusal(backup(site, { bin: 'old' }));
    expect(versions).toMatchObject({
      code: 'PROGRAM_VERSION',
      message: expect.stringContaining('12, and 15 or later'),
    });
    expect((await refusal(backup(site, { bin: 'old', method: 'base' }))).code).toBe('PROGRAM_VERSION');
    await writeFile(join(site.root, 'backups', json), forged.replace('"server":"15"', '"server":"99"'));
    expect((await refusal(restore(site))).message).toContain(
      'the scratch server is of version 15, and 99 or later',
    );

    for (const [url, why] of [
      ['postgres://admin:not-this-one@127.0.0.1:PORT/postgres', 'password authentication failed'],
      ['postgres://admin:x@127.0.0.1:1/postgres', 'ECONNREFUSED'],
      ['not a url', 'no URL'],
      ['mysql://a:b@c/d', 'postgres://'],
    ]) {
      await site.home.secrets.set('shop-db', (url ?? '').replace('PORT', String(server.port)));
      const { code, message } = await refusal(backup(site));
      expect([code, message]).toEqual(['DATABASE_UNREACHABLE', expect.stringContaining(why ?? '')]);
      expect(message).not.toContain('not-this-one');
    }
    expect(await site.left()).toEqual([]);
  },
);

test.skipIf(none)(
  'a base backup starts in a private server, with the WAL to its end or to a time',
  async () => {
    const { site, live } = await shop();
    await site.mark();
    const made = await backup(site, { method: 'base' });
    await server.sql(live, `INSERT INTO orders VALUES (5000, now(), 1)`);
    const [middle] = await server.sql(live, `SELECT clock_timestamp()::text AS at`);
    await server.sql(live, `INSERT INTO orders VALUES (5001, now(), 1)`);
    await site.mark();
    await server.sql('postgres', 'SELECT pg_switch_wal()');
    const wal = server.archive;
    for (let tries = 0; tries < 200; tries++) {
      const [last] = await server.sql(
        'postgres',
        'SELECT failed_count, last_archived_wal w FROM pg_stat_archiver',
      );
      const [now] = await server.sql('postgres', 'SELECT pg_walfile_name(pg_current_wal_lsn()) w');
      if (
        String(last?.['w']) >=
        String(now?.['w']).replace(/.$/, (c) => (parseInt(c, 16) - 1).toString(16).toUpperCase())
      )
        break;
      await systemClock.sleep(50);
    }
    const before = await state(live);
    const base = {
      method: 'base',
      bin: POSTGRES_BIN,
      sentinel: 'shop',
      checkpoint: made.outputs['checkpoint'],
    };
    const orders = (expect: number) => ({ queries: [{ sql: 'SELECT count(*) FROM orders', expect }] });

    const alone = await restore(site, { ...base, verify: orders(2000) });
    expect(alone.outputs['control']).toMatch(
      /^noticed: bit \d of byte \d+ of \S+ in a copy \(BACKUP_CORRUPT\); a row of public\.\w+ deleted \(RESTORE_MISMATCH\)$/,
    );
    expect(Object.keys(alone.phases)).toEqual(['fetch', 'restore', 'verify']);
    const whole = await restore(site, { ...base, wal, verify: orders(2002) });
    expect(whole.outputs['sentinel']).toBe((await site.home.sentinels.newest('shop'))?.uuid);
    const until = new Date(`${String(middle?.['at']).replace(' ', 'T').slice(0, 23)}Z`).toISOString();
    const point = await restore(site, { ...base, wal, until, verify: orders(2001) });
    expect(point.outputs['sentinel']).toBe(alone.outputs['sentinel']);
    const late = await refusal(
      restore(site, { ...base, wal, until: '2099-01-01T00:00:00Z', verify: orders(2002) }),
    );
    expect(late).toMatchObject({ code: 'SERVER_NOT_STARTED' });

    expect(await state(live)).toEqual(before);
    expect(await site.left()).toEqual([]);
    expect(await site.deps.leftovers.open()).toEqual([]);

    // With the next backup, what only the one before needed goes from the archive; the next one needs nothing of it.
    const archived = (): Promise<string[]> => readdir(wal);
    const had = await archived();
    const next = await backup(site, { method: 'base', keep: 1, wal });
    expect(Number(next.outputs['wal_removed'])).toBeGreaterThan(0);
    expect(await archived()).not.toEqual(expect.arrayContaining(had));
    const again = { ...base, checkpoint: next.outputs['checkpoint'], wal };
    expect((await restore(site, { ...again, verify: orders(2002) })).outputs['queries']).toBe('1');
  },
  180_000,
);

test.skipIf(none)(
  'a disk that becomes full ends both ways of restoring clearly, and leaves nothing anywhere',
  async () => {
    const { site, live } = await shop();
    await server.sql(
      live,
      `CREATE TABLE noise AS SELECT i, md5(i::text) || md5((-i)::text) AS x FROM generate_series(1, 60000) i`,
    );
    await backup(site);
    await backup(site, { method: 'base', to: 'bases' });
    const ways: object[] = [{}, { method: 'base', from: 'bases', bin: POSTGRES_BIN }];
    for (const way of ways) {
      const { scratch } = await site.context();
      execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', scratch]);
      onTestFinished(() => void execFileSync('umount', ['-l', scratch]));
      expect((await refusal(restore(site, way, { scratch }))).code).toBe('RESTORE_DISK_FULL');
      expect(await readdir(scratch)).toEqual([]);
    }
    expect((await databases()).filter((name) => name.startsWith('reeve_drill_'))).toEqual([]);
    expect(await site.deps.leftovers.open()).toEqual([]);
  },
);

test.skipIf(none)('a connection that ends says so and hangs nobody', async () => {
  const { live } = await shop();
  const connection = await connect(addressOf('x', server.url(live)), { statementTimeoutMs: 1000 });
  await server.sql(
    'postgres',
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${live}'`,
  );
  await expect(connection.rows('SELECT 1')).rejects.toThrow(/terminat|connection error/);
  await connection.close();
  const stop = new AbortController();
  const options = { statementTimeoutMs: 60_000, signal: stop.signal };
  const slow = await connect(addressOf('x', server.url(live)), options);
  const asked = slow.rows('SELECT pg_sleep(600)');
  const never = connect(addressOf('x', server.url(live)), options);
  stop.abort(new Error('enough'));
  await Promise.all([expect(asked).rejects.toThrow(/terminated/), expect(never).rejects.toThrow('enough')]);
  await slow.close();
});
