import { chmod, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { newAuthority, newCertificate } from '../../helpers/certificates.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { lacks } from '../../helpers/needs.ts';
import { ask, complaints, expectNoneLeft } from '../../helpers/probing.ts';
import { redisServer } from '../../standins/redis.ts';

const none = lacks('redis-server', 'redis-server');
const host = '127.0.0.1';

test.skipIf(none)('PING is answered: up; and down when the server is gone', async () => {
  const { port, stop } = await redisServer();
  expect(await ask('redis', { host, port })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    near: true,
  });
  expect(await ask('redis', { host, port, role: 'master' })).toMatchObject({
    verdict: 'up',
    figures: { replicas: 0 },
  });
  await stop();
  expect(await ask('redis', { host, port })).toMatchObject({
    verdict: 'down',
    why: `redis at 127.0.0.1:${port} does not answer (ECONNREFUSED)`,
  });
});

test.skipIf(none)('passwords and users; a wrong one is down without the secret', async () => {
  const { port } = await redisServer(
    '--requirepass',
    's3cret-of-redis',
    ...'--user watch on >w4tch-word +ping'.split(' '),
  );
  const secrets = { right: 's3cret-of-redis', wrong: 'h4nter-of-redis', watch: 'w4tch-word' };
  const target = { host, port };
  expect(await ask('redis', target)).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('wants a password'),
  });
  expect(await ask('redis', { ...target, password_secret: 'right' }, { secrets })).toMatchObject({
    verdict: 'up',
  });
  const wrong = await ask('redis', { ...target, password_secret: 'wrong' }, { secrets });
  expect(wrong).toMatchObject({ verdict: 'down', why: 'redis refuses the password' });
  const user = { ...target, username: 'watch', password_secret: 'watch' };
  expect(await ask('redis', user, { secrets })).toMatchObject({ verdict: 'up' });
  expect(await ask('redis', { ...user, role: 'master' }, { secrets })).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('lets this user do too little'),
  });
});

test.skipIf(none)('a replica: its role, and the link to its master', async () => {
  const master = await redisServer();
  const replica = await redisServer('--replicaof', `127.0.0.1 ${master.port}`, '--repl-timeout', '2');
  const watch = (extra: Record<string, unknown> = {}) =>
    ask('redis', { host, port: replica.port, role: 'replica', ...extra });
  await expect
    .poll(() => watch({ max_lag: '1h' }), { timeout: 30_000 })
    .toMatchObject({
      verdict: 'up',
      figures: { lag_ms: expect.any(Number) },
    });
  expect(await watch({ role: 'master' })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('is a replica, not a master'),
  });
  await master.stop();
  await expect
    .poll(() => watch(), { timeout: 30_000 })
    .toMatchObject({ verdict: 'degraded', why: expect.stringContaining('the link to its master is down') });
});

test.skipIf(none)('TLS, verified', async () => {
  const root = await tempDir();
  const authority = await newAuthority();
  const made = await newCertificate({ authority });
  for (const [name, text] of [
    ['ca.pem', authority.cert],
    ['it.pem', made.cert],
    ['it.key', made.key],
  ] as const)
    await writeFile(join(root, name), text);
  await chmod(root, 0o755);
  const { port } = await redisServer(
    ...['--tls-port', '{port}', '--tls-auth-clients', 'no', '--tls-ca-cert-file', join(root, 'ca.pem')],
    ...['--tls-cert-file', join(root, 'it.pem'), '--tls-key-file', join(root, 'it.key')],
  );
  const target = { host, port, tls: true };
  expect(await ask('redis', { ...target, ca: 'ca.pem' }, { root })).toMatchObject({ verdict: 'up' });
  expect(await ask('redis', target, { root })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('no TLS:'),
  });
});

test('what only looks like Redis is down: other protocols, an answer without end, silence; nothing is left open', async () => {
  for (const [said, why] of [
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'does not speak the protocol of Redis'],
    ['-LOADING Redis is loading the dataset in memory\r\n', 'is still loading its data'],
    ['-BUSY a script runs\r\n', 'is busy with a script'],
    ['+PANG\r\n', 'answers PING with "PANG"'],
    ['$999999999\r\n', 'does not speak the protocol'],
    ['x'.repeat(400_000), 'sends more than'],
    ['', 'did not answer in time'],
  ] as const) {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).once('data', () => socket.write(said));
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const finding = await ask(
      'redis',
      { host, port: (server.address() as AddressInfo).port },
      { ms: said === '' ? 300 : 10_000 },
    );
    expect(finding).toMatchObject({ why: expect.stringContaining(why) });
    expect(finding.verdict).toBe(said.startsWith('-BUSY') ? 'degraded' : 'down');
    await expectNoneLeft(server);
  }
});

test('a replica that says no number when it heard of its master is not up, and no figure is made of it', async () => {
  for (const heard of ['master_last_io_seconds_ago:soon\r\n', 'master_last_io_seconds_ago:-1\r\n', '']) {
    const info = `role:slave\r\nmaster_link_status:up\r\n${heard}`;
    const server = createServer((socket) => {
      socket
        .on('error', () => undefined)
        .on('data', (said) => {
          socket.write(said.includes('PING') ? '+PONG\r\n' : `$${info.length}\r\n${info}\r\n`);
        });
    });
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
    const { port } = server.address() as AddressInfo;
    expect(await ask('redis', { host, port, max_lag: '5s' })).toMatchObject({
      verdict: 'degraded',
      why: 'the replica does not say when it last heard of its master',
      figures: {},
    });
    await expectNoneLeft(server);
  }
});

test('attack 48: an address that nobody allowed is not connected to', async () => {
  for (const refused of ['127.0.0.1', '0x7f000001', '[::ffff:127.0.0.1]', 'fe80::1'])
    expect(await ask('redis', { host: refused }, { allowed: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
  expect(complaints('redis', { host, role: 'master', max_lag: '1s' })).toHaveLength(1);
});
