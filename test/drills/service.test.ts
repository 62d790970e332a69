import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../daemon/clock.ts';
import type { DriverContext } from '../../daemon/drills/driver.ts';
import { askService, ServiceOptions } from '../../daemon/drills/verify/service.ts';
import { until } from '../helpers/daemon.ts';
import { tempDir } from '../helpers/ledger.ts';

/**
 * A service that says which port it was given and waits until it may take it: the time in which another process can be
 * first. `stubborn`: it goes on without the port.
 */
const SERVICE = (stubborn: boolean): string => `
import { createServer } from 'node:http'; import { appendFileSync, existsSync } from 'node:fs';
appendFileSync('ports.txt', process.env.PORT + '\\n');
const wait = setInterval(() => {
  if (!existsSync('go')) return;
  clearInterval(wait);
  const server = createServer((q, a) => a.end('restored')).listen(process.env.PORT, '127.0.0.1');
  ${stubborn ? "server.on('error', () => setInterval(() => {}, 1000));" : ''}
}, 5);`;

async function place(service: string) {
  const restored = await tempDir();
  await writeFile(join(restored, 'server.mjs'), service);
  const said: string[] = [];
  const context: DriverContext = {
    root: restored,
    scratch: restored,
    job_id: 'job_test',
    attempt_id: `job_test.${Math.random()}`,
    signal: new AbortController().signal,
    secret: async () => '',
    log: async (text: string) => void said.push(text),
  };
  const ask = (options: object): Promise<string> =>
    askService(
      { clock: systemClock },
      context,
      ServiceOptions.parse({
        command: ['node', 'server.mjs'],
        ask: { http: '/' },
        within: '20s',
        ...options,
      }),
      { restored },
    );
  const ports = async (): Promise<number[]> =>
    existsSync(join(restored, 'ports.txt'))
      ? (await readFile(join(restored, 'ports.txt'), 'utf8')).trim().split('\n').map(Number)
      : [];
  const go = (): Promise<void> => writeFile(join(restored, 'go'), '');
  return { restored, said, ask, ports, go };
}

/** Another process's server on that port, for the service's process: this test. It gives the right answer. */
async function squat(port: number, host: string): Promise<{ server: Server; asked: string[] }> {
  const asked: string[] = [];
  const server = createServer((request, answer) => {
    asked.push(request.url ?? '');
    answer.end('restored');
  });
  server.listen(port, host);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { server, asked };
}

test.each([
  ['that gives up', false, '127.0.0.1'],
  ['that goes on without it', true, '127.0.0.1'],
  ['and a squatter on every address', false, '::'],
])(
  'a service whose port another process took first %s is not proven by that one: it is started on another port',
  async (_name, stubborn, host) => {
    const t = await place(SERVICE(stubborn));
    const answer = t.ask({});
    await until(async () => (await t.ports()).length === 1);
    const [first = 0] = await t.ports();
    const { asked } = await squat(first, host);
    await t.go();
    expect(await answer).toBe('GET /: 200');
    const ports = await t.ports();
    expect(ports).toHaveLength(2);
    expect(ports[1]).not.toBe(first);
    expect(asked).toEqual([]);
    expect(t.said.join('')).toContain(`its port ${first} was taken by process ${process.pid} (`);
  },
);

test('every port taken: the drill fails and says by whom; `listener: any` is for a service behind another process', async () => {
  const t = await place(SERVICE(true));
  const answer = t.ask({}).then(
    () => undefined,
    (error: unknown) => error,
  );
  // Another test's server may be given a port in the same moment: then that one has taken it.
  const squatOn = (port: number): Promise<unknown> => squat(port, '127.0.0.1').catch(() => undefined);
  for (let n = 1; n <= 3; n++) {
    await until(async () => (await t.ports()).length >= n);
    await squatOn((await t.ports())[n - 1] ?? 0);
  }
  expect(await answer).toMatchObject({
    code: 'SERVICE_NOT_ANSWERING',
    message: expect.stringMatching(/was taken by process \d+ \(.*`listener: any`/),
  });
  const container = t.ask({ listener: 'any' });
  await until(async () => (await t.ports()).length >= 4);
  await squatOn((await t.ports()).at(-1) ?? 0);
  expect(await container).toBe('GET /: 200');
});

test('a service in a session of its own, with its environment wiped or not, is its own; one on every address, too', async () => {
  const listen = (host: string): string =>
    `require('http').createServer((q, a) => a.end('x')).listen(process.argv[1], '${host}')`;
  const t = await place('');
  const command = (script: string): string[] => ['sh', '-c', script];
  expect(await t.ask({ command: command(`setsid node -e "${listen('127.0.0.1')}" {port}`) })).toBe(
    'GET /: 200',
  );
  expect(await t.ask({ command: command(`env -i "$(command -v node)" -e "${listen('::')}" {port}`) })).toBe(
    'GET /: 200',
  );
  expect(await t.ask({ command: command(`node -e "${listen('0.0.0.0')}" {port}`), ask: { tcp: true } })).toBe(
    'it takes connections',
  );
});
