import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { reeve } from '../helpers/cli.ts';
import { specOf, StandinDaemon, STATUS } from '../helpers/standin-daemon.ts';

const homes: string[] = [];
const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), 'reeve-cli-'));
  homes.push(home);
  return home;
};
afterAll(() => {
  for (const home of homes) rmSync(home, { recursive: true, force: true, maxRetries: 20 });
});

const LINES = [['status'], ['jobs', 'list'], ['deploy', '--project', 'x']];

test('no daemon: said plainly with what to do, exit 4, on every command', async () => {
  const home = newHome();
  for (const line of LINES) {
    const { code, out, err } = await reeve(home, line);
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain(`No daemon answers at ${join(home, 'reeve.sock')}`);
    expect(err).toContain('reeve up');
    expect(err).not.toMatch(/node:|\n\s+at /);
  }
  const json = await reeve(home, ['status', '--json']);
  expect(JSON.parse(json.out)).toMatchObject({ ok: false, error: { code: 'DAEMON_UNREACHABLE' } });
});

test('config check without a daemon tells every mistake of the file that a start would take, and of its runbooks', async () => {
  const home = newHome();
  const estate = join(home, 'reeve.yaml');
  const cron = (line: string): string =>
    `version: 1\nestate: { name: it }\nprojects: { shop: { environments: { dev: {} } } }\nschedules:\n  s: { runbook: work, cron: '${line}', project: shop, env: dev }\n`;
  const check = (...more: string[]) =>
    reeve(home, ['config', 'check', ...more], { env: { REEVE_CONFIG: estate } });
  writeFileSync(estate, cron('0 0 30 2 *'));
  const never = await check();
  expect(never.code).toBe(1);
  expect(never.out).toMatch(/1 mistake, [^]*reeve\.yaml:5:\d+ [^]*never/);
  expect(never.out).toContain('No daemon runs.');
  writeFileSync(estate, cron('0 3 * * *'));
  mkdirSync(join(home, 'runbooks'));
  writeFileSync(
    join(home, 'runbooks', 'work.md'),
    '---\nrunbook: work\ntitle: Work\n---\n```shh { name=a }\ntrue\n```\n',
  );
  const { code, out } = await check('--json');
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    command: 'config check',
    data: expect.arrayContaining([
      { at: 'runbooks/work.md:5', message: 'no step kind "shh"; did you mean sh?', severity: 'error' },
    ]),
  });
  writeFileSync(
    join(home, 'runbooks', 'work.md'),
    '---\nrunbook: work\ntitle: Work\n---\n```sh { name=a }\ntrue\n```\n',
  );
  expect((await check()).code).toBe(0);
  rmSync(estate);
  expect(await check()).toMatchObject({ err: expect.stringContaining('CONFIG_NOT_FOUND') });
});

test('a killed daemon leaves a socket behind: explained', async () => {
  const home = newHome();
  const script = `require('net').createServer().listen(${JSON.stringify(join(home, 'reeve.sock'))}, () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', script]);
  const { code, err } = await reeve(home, ['status']);
  expect(code).toBe(4);
  expect(err).toContain('left over from a daemon that was killed');
});

test('what answers is no daemon: a file, another server, silence, half an answer', async () => {
  const home = newHome();
  writeFileSync(join(home, 'reeve.sock'), '');
  expect((await reeve(home, ['status'])).err).toContain('not a Reeve daemon (a plain file');

  const answers = [
    ['SSH-2.0-OpenSSH_9.6\r\n\r\n', 'does not speak HTTP'],
    [
      'HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 5\r\n\r\n<html',
      'not a Reeve daemon (HTTP 200 text/html)',
    ],
    ['HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}', 'not a Reeve daemon'],
    ['HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{', 'before its answer was complete'],
    ['', 'before its answer was complete'],
  ] as const;
  for (const [answer, says] of answers) {
    const place = newHome();
    const server = createServer((socket) => socket.once('data', () => socket.end(answer)));
    await new Promise<void>((done) => server.listen(join(place, 'reeve.sock'), done));
    const { code, out, err } = await reeve(place, ['status']);
    await new Promise((done) => server.close(done));
    expect({ code, out }).toEqual({ code: 4, out: '' });
    expect(err).toContain(says);
  }
});

test('a socket of another user: explained', async () => {
  const home = newHome();
  const root = process.getuid?.() === 0;
  if (!root) chmodSync(home, 0o000);
  // For root no folder is closed, so there the CLI runs as somebody else.
  const { code, err } = await reeve(home, ['status'], root ? { uid: 65_534 } : {});
  chmodSync(home, 0o700);
  expect(code).toBe(4);
  expect(err).toContain('belongs to another user');
});

test('a home whose socket path is too long: explained', async () => {
  const { code, err } = await reeve(newHome(), ['status', '--home', `/tmp/${'long-name/'.repeat(12)}`]);
  expect(code).toBe(4);
  expect(err).toMatch(/too long|no socket/i);
});

test('a daemon of another version: status says so, and an answer it cannot read names both versions', async () => {
  await using daemon = await new StandinDaemon({ status: { ...STATUS, reeve: '9.9.9' } }).start();
  expect((await reeve(daemon.home, ['status'])).out).toContain('the daemon 9.9.9: restart the daemon');
  await using newer = await new StandinDaemon({
    raw: (_, response) => response.end(JSON.stringify({ v: 2, reeve: '9.9.9', everything: 'new' })),
  }).start();
  const { code, err } = await reeve(newer.home, ['jobs']);
  expect(code).toBe(4);
  expect(err).toContain('The daemon is version 9.9.9');
});

test('status shows what needs a person first', async () => {
  const at = Date.now() - 60_000;
  await using daemon = await new StandinDaemon({
    status: {
      ...STATUS,
      ledger: { ...STATUS.ledger, writable: false, why: 'fsync failed' },
      halted: [{ scope: 'my-project', since: at, by: 'mia', reason: 'bad release' }],
      paused: { since: at, by: 'mia', reason: 'upgrade', drain: true },
      jobs: { running: 0, queued: 0, unknown: 2 },
      requests_open: 1,
      requests_lapsed: 2,
      reviews_open: 3,
      last_drill: null,
      last_jobs: [],
    },
  }).start();
  const { code, out } = await reeve(daemon.home, ['status']);
  expect(code).toBe(0);
  for (const says of [
    'the ledger cannot be written: fsync failed',
    'halted: my-project since',
    'by mia: bad release',
    'draining since',
    '2 jobs of unknown outcome',
    '1 request waiting',
    '2 approved requests did not run',
    '3 break-glass reviews open',
    'none yet',
  ])
    expect(out).toContain(says);
});

test('open prints the address with the token in its fragment, and refuses one that is not of this machine', async () => {
  await using daemon = await new StandinDaemon({ status: STATUS }).start();
  const token = 'abcDEF012345678901234567890123456789abcdefg';
  expect((await reeve(daemon.home, ['open', '--print-url'])).err).toContain('token');
  writeFileSync(join(daemon.home, 'token'), `${token}\n`, { mode: 0o600 });
  expect((await reeve(daemon.home, ['open', '--print-token'])).out).toBe(`${token}\n`);
  expect((await reeve(daemon.home, ['open', '--print-url'])).out).toBe(
    `http://127.0.0.1:7333/#token=${token}\n`,
  );
  await using elsewhere = await new StandinDaemon({
    status: { ...STATUS, address: 'http://192.0.2.1:80' },
  }).start();
  writeFileSync(join(elsewhere.home, 'token'), `${token}\n`, { mode: 0o600 });
  const refused = await reeve(elsewhere.home, ['open', '--print-url']);
  expect(refused).toMatchObject({ code: 4, out: '' });
});

test('the launcher runs from anywhere, through links, under both names', async () => {
  await using daemon = await new StandinDaemon({ commands: [specOf('verify-factory')] }).start();
  const first = join(daemon.home, 'reeve-link');
  const second = join(daemon.home, 'autosd');
  symlinkSync(resolve(import.meta.dirname, '../../cli/reeve'), first);
  symlinkSync('reeve-link', second);
  // The server lives in this process, so the launcher must not block it.
  const version = spawnSync(second, ['--version'], { cwd: '/', encoding: 'utf8' });
  expect(version.stdout).toMatch(/^reeve \d+\.\d+\.\d+ \(node 24\./);
  expect((await reeve(daemon.home, ['verify-factory'])).code).toBe(0);
});
