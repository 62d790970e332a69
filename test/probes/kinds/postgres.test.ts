import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { newAuthority, newCertificate } from '../../helpers/certificates.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { lacksPostgres } from '../../helpers/needs.ts';
import { newPostgres, type PostgresServer } from '../../helpers/postgres.ts';
import { ask, complaints, expectNoneLeft } from '../../helpers/probing.ts';

const none = lacksPostgres();
let server: PostgresServer;
beforeAll(async () => {
  if (none) return;
  server = await newPostgres({ flags: ['-c', 'wal_level=replica', '-c', 'wal_receiver_status_interval=1s'] });
  await server.start();
  await server.sql('CREATE TABLE orders (id int)');
  await server.sql('INSERT INTO orders VALUES (1), (2)');
  await server.sql(`CREATE ROLE watcher LOGIN PASSWORD 'w-secret' CONNECTION LIMIT 1`);
}, 120_000);
afterAll(async () => {
  if (!none) await server.remove();
});

const probe = (extra: Record<string, unknown> = {}, password = server.password, ms = 20_000) =>
  ask(
    'postgres',
    { host: '127.0.0.1', port: server.port, user: 'postgres', password_secret: 'db', ...extra },
    { secrets: { db: password }, ms },
  );

/** Sessions of probes that are left in the server. */
const sessions = () => server.sql(`SELECT pid FROM pg_stat_activity WHERE application_name = 'reeve'`);

test.skipIf(none)('a login is up and leaves no session behind; a query is compared as text', async () => {
  expect(await probe()).toMatchObject({ verdict: 'up', ms: expect.any(Number), near: true });
  for (const [query, value] of [
    ['SELECT count(*) FROM orders', '2'],
    ['SELECT count(*) > 0 FROM orders', 't'],
    ['SELECT NULL', 'null'],
    ['SHOW server_encoding', 'UTF8'],
  ]) {
    expect(await probe({ query, expect: value })).toMatchObject({ verdict: 'up' });
    expect(await probe({ query, expect: 'else' })).toMatchObject({
      verdict: 'down',
      why: `the query gives ${value}, not else`,
    });
  }
  expect(await probe({ query: 'SELECT id FROM orders WHERE false', expect: '1' })).toMatchObject({
    verdict: 'down',
    why: 'the query gives no row, not 1',
  });
  await expect.poll(sessions, { timeout: 20_000 }).toEqual([]);
});

test.skipIf(none)('a query can only read, in one statement', async () => {
  expect(await probe({ query: 'DELETE FROM orders' })).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('a probe only reads'),
  });
  expect(await probe({ query: 'COMMIT; DELETE FROM orders' })).toMatchObject({ verdict: 'down' });
  expect(await probe({ query: 'SELECT * FROM gone' })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('relation "gone" does not exist (42P01)'),
  });
  expect(await server.sql('SELECT count(*)::int AS n FROM orders')).toEqual([{ n: 2 }]);
});

test.skipIf(none)('wrong password, user and database are down, in words, without the secret', async () => {
  const wrong = await probe({}, 'hunter2-hunter2');
  expect(wrong).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('refuses the password of postgres'),
  });
  expect(JSON.stringify(wrong)).not.toContain('hunter2');
  expect(await probe({ database: 'gone' })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('there is no database gone'),
  });
  expect(await probe({ password_secret: 'unset' })).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('the secret unset is missing'),
  });
});

test.skipIf(none)('no connection left is degraded, and says so', async () => {
  const { default: pg } = await import('pg');
  const only = new pg.Client({
    host: '127.0.0.1',
    port: server.port,
    user: 'watcher',
    password: 'w-secret',
    database: 'postgres',
  });
  await only.connect();
  try {
    expect(await probe({ user: 'watcher', database: 'postgres' }, 'w-secret')).toMatchObject({
      verdict: 'degraded',
      why: expect.stringContaining('has no connection left: too many connections for role "watcher"'),
    });
  } finally {
    await only.end();
  }
});

test.skipIf(none)('a query that takes too long ends with the probe', async () => {
  expect(await probe({ query: 'SELECT pg_sleep(600)' }, server.password, 700)).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('did not answer in time'),
  });
});

test.skipIf(none)('a server that speaks something else, or says it is starting up, is down', async () => {
  const field = (type: string, text: string) => Buffer.from(`${type}${text}\0`);
  const fields = Buffer.concat([
    field('S', 'FATAL'),
    field('V', 'FATAL'),
    field('C', '57P03'),
    field('M', 'the database system is starting up'),
    Buffer.from([0]),
  ]);
  const head = Buffer.from('E\0\0\0\0', 'latin1');
  head.writeUInt32BE(fields.length + 4, 1);
  for (const [said, why] of [
    [Buffer.concat([head, fields]), 'takes no connections yet: the database system is starting up'],
    [Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n'), 'PostgreSQL at 127.0.0.1'],
  ] as const) {
    const other = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.end(said));
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => other.close(() => resolve())));
    expect(await probe({ port: (other.address() as AddressInfo).port }, 'x', 3000)).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining(why),
    });
  }
});

test.skipIf(none)(
  'TLS: refused when the server has none, verified when it has',
  async () => {
    expect(await probe({ tls: true })).toMatchObject({
      verdict: 'down',
      why: 'the PostgreSQL server does not offer TLS',
    });
    const authority = await newAuthority();
    const made = await newCertificate({ authority });
    const root = await tempDir();
    await writeFile(join(root, 'ca.pem'), authority.cert);
    const secure = await newPostgres({
      flags: ['-c', 'ssl=on', '-c', 'ssl_cert_file=server.crt', '-c', 'ssl_key_file=server.key'],
      async prepare(folder) {
        // Written into files that the server's user owns already.
        for (const [name, text] of [
          ['server.crt', made.cert],
          ['server.key', made.key],
        ] as const)
          await owned(folder, name, text);
      },
    });
    onTestFinished(() => secure.remove());
    await secure.start();
    const target = {
      host: '127.0.0.1',
      port: secure.port,
      user: 'postgres',
      password_secret: 'db',
      tls: true,
    };
    const asked = { secrets: { db: secure.password }, root };
    expect(await ask('postgres', { ...target, ca: 'ca.pem' }, asked)).toMatchObject({ verdict: 'up' });
    expect(await ask('postgres', target, asked)).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('no TLS:'),
    });
    expect(
      await ask('tls', { host: '127.0.0.1', port: secure.port, ca: 'ca.pem', starttls: 'postgres' }, asked),
    ).toMatchObject({ verdict: 'up' });
  },
  120_000,
);

/** A file with mode 0600 that belongs to whom PG_VERSION belongs to. */
async function owned(folder: string, name: string, text: string): Promise<void> {
  const { chown, stat } = await import('node:fs/promises');
  const path = join(folder, name);
  await writeFile(path, text, { mode: 0o600 });
  const { uid, gid } = await stat(join(folder, 'PG_VERSION'));
  await chown(path, uid, gid);
}

test.skipIf(none)(
  'a standby: its role, its lag, and the link to its primary',
  async () => {
    expect(await probe({ role: 'primary' })).toMatchObject({ verdict: 'up' });
    expect(await probe({ role: 'standby' })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('is a primary'),
    });
    const standby = await newPostgres({
      copyOf: (await server.stop(), server),
      async prepare(folder) {
        await owned(folder, 'standby.signal', '');
        await appendFile(
          join(folder, 'postgresql.auto.conf'),
          `primary_conninfo = 'host=127.0.0.1 port=${server.port} user=postgres password=${server.password}'\n`,
        );
        expect(await readFile(join(folder, 'PG_VERSION'), 'utf8')).toMatch(/^\d+/);
      },
    });
    onTestFinished(() => standby.remove());
    await server.start();
    await standby.start();
    const watch = (extra: Record<string, unknown> = {}) => probe({ port: standby.port, ...extra });
    await expect
      .poll(() => watch({ role: 'standby', max_lag: '1m' }), { timeout: 30_000 })
      .toMatchObject({ verdict: 'up', figures: { lag_ms: expect.any(Number) } });
    expect(await watch({ role: 'primary' })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('is a standby'),
    });
    // Replay waits while new transactions arrive: what was received is newer than what is shown.
    for (const why of ['the standby has replayed nothing yet', 'behind']) {
      await standby.sql('SELECT pg_wal_replay_pause()');
      await server.sql('INSERT INTO orders VALUES (3)');
      await expect
        .poll(() => watch({ max_lag: '1ms' }), { timeout: 30_000 })
        .toMatchObject({ verdict: 'degraded', why: expect.stringContaining(why) });
      await standby.sql('SELECT pg_wal_replay_resume()');
      await expect
        .poll(() => watch({ max_lag: '1h' }), { timeout: 30_000 })
        .toMatchObject({ verdict: 'up', figures: { lag_bytes: 0 } });
    }
    await server.stop();
    await expect
      .poll(() => watch({ role: 'standby' }), { timeout: 30_000 })
      .toMatchObject({
        verdict: 'degraded',
        why: expect.stringContaining('is not connected to its primary'),
      });
  },
  180_000,
);

test('attack 48: an address that nobody allowed is not connected to', async () => {
  expect(
    await ask(
      'postgres',
      { host: '169.254.169.254', user: 'postgres' },
      { allowed: ['169.254.169.254.nip.example'] },
    ),
  ).toMatchObject({ verdict: 'inconclusive', why: expect.stringContaining('ADDRESS_REFUSED') });
});

test('mistakes in its part of reeve.yaml', () => {
  const target = { host: 'db', user: 'u' };
  expect(complaints('postgres', { ...target, expect: '1' })).toHaveLength(1);
  expect(complaints('postgres', { ...target, role: 'primary', max_lag: '1s' })).toHaveLength(1);
  expect(complaints('postgres', { ...target, password: 'clear text' })).toHaveLength(1);
});

test('a server that announces a message of 2 GiB and keeps sending is cut off, whatever the library would keep', async () => {
  let sent = 0;
  const server = createServer((socket) => {
    socket
      .on('error', () => undefined)
      .once('data', () => {
        // AuthenticationOk, then ParameterStatus of 2^31 − 1 bytes.
        socket.write(Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0, 0x53, 0x7f, 0xff, 0xff, 0xff]));
        const more = (): void => {
          while (!socket.destroyed && socket.write(Buffer.alloc(1024 * 1024))) sent++;
        };
        socket.on('drain', more);
        more();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo;
  // No time limit ends this run: only what it receives does.
  expect(await ask('postgres', { host: '127.0.0.1', port, user: 'it' }, { ms: 50_000 })).toMatchObject({
    verdict: 'down',
    why: `PostgreSQL at 127.0.0.1:${port} does not stop sending`,
  });
  expect(sent).toBeLessThan(1024);
  await expectNoneLeft(server);
});
