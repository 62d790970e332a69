import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Reply } from '../../contracts/reply.ts';
import { openWorld } from '../helpers/app.ts';
import { Place, until } from '../helpers/daemon.ts';

/** A service that is well until told otherwise. */
async function service(): Promise<{ port: number; status: number; asked: number }> {
  const state = { port: 0, status: 200, asked: 0 };
  const server = createServer((_, response) => {
    state.asked += 1;
    response.writeHead(state.status).end('ok');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  state.port = (server.address() as AddressInfo).port;
  return state;
}

const estate = (port: number, more = ''): string => `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [root] }
  vic: { roles: [shop-viewer] }
roles:
  shop-viewer: { verbs: [view], projects: [shop] }
projects:
  shop: { environments: { dev: {} } }
  other: { environments: { dev: {} } }
network: { allow: [127.0.0.1] }
probes:
  web: { kind: http, project: shop, env: dev, url: 'http://127.0.0.1:${port}/', interval: 200ms, timeout: 150ms }
  hidden: { kind: tcp, project: other, env: dev, host: 127.0.0.1, port: ${port}, interval: 1h }
${more}`;

interface Listed {
  name: string;
  state: string;
  last: { verdict: string } | null;
}
const names = (reply: Partial<Reply>): string[] =>
  (reply.data as unknown as Listed[]).map(({ name }) => name);

test('probes are listed by place, shown, run, and their history is told', async () => {
  const { port } = await service();
  const world = await openWorld({ estate: estate(port), runbooks: {} });
  await until(() => world.app.running.features.probes.get('web').state === 'up');
  expect(names(await world.as('root', { command: 'probe list' }))).toEqual(['web', 'hidden']);
  expect(names(await world.as('vic', { command: 'probe list' }))).toEqual(['web']);
  expect(names(await world.as('root', { command: 'probe list', args: { state: 'down' } }))).toEqual([]);
  for (const command of ['probe show', 'probe history', 'probe run'])
    expect(await world.as('vic', { command, args: { probe: 'hidden' } })).toMatchObject({
      ok: false,
      error: { code: 'FORBIDDEN' },
    });
  expect(await world.as('vic', { command: 'probe run', args: { probe: 'web' } })).toMatchObject({
    ok: false,
  });
  expect(await world.as('root', { command: 'probe run', args: { probe: 'web' } })).toMatchObject({
    ok: true,
    data: { probe: 'web', verdict: 'up', figures: { status: 200 } },
  });
  expect(await world.as('vic', { command: 'probe show', args: { probe: 'web' } })).toMatchObject({
    ok: true,
    // A machine under load may make a run late: how many were good is the machine's matter.
    data: { name: 'web', state: 'up', tally: { day: { good: expect.any(Number), bad: expect.any(Number) } } },
  });
  const history = await world.as('vic', {
    command: 'probe history',
    args: { probe: 'web', hours: 1, rows: 4 },
  });
  const { buckets, good } = history.data as { buckets: { up: number }[]; good: number };
  expect(buckets).toHaveLength(4);
  expect(buckets.reduce((sum, { up }) => sum + up, 0)).toBeGreaterThan(0);
  expect(good).toBeGreaterThan(0);
  // The picture is of the whole time; the table begins where there is something to tell.
  const long = await world.as('vic', { command: 'probe history', args: { probe: 'web' } });
  expect((long.data as { buckets: unknown[] }).buckets).toHaveLength(24);
  expect(long.blocks.find((block) => block.type === 'table')?.rows.length).toBeLessThanOrEqual(2);
  expect(await world.as('vic', { command: 'probe show', args: { probe: 'wep' } })).toMatchObject({
    error: { code: 'PROBE_UNKNOWN' },
  });
  const kinds = (await world.as('vic', { command: 'probe kinds' })).data as { kind: string }[];
  expect(kinds.map(({ kind }) => kind)).toContain('http');
});

test('a changed reeve.yaml is taken up while it runs: the first probe, another, none', async () => {
  const { port } = await service();
  const none = estate(port).replace(/^probes:[^]*/m, '');
  const world = await openWorld({ estate: none, runbooks: {} });
  const { probes } = world.app.running.features;
  const reload = async (text: string): Promise<void> => {
    await world.write('reeve.yaml', text);
    expect(await world.as('root', { command: 'config reload' })).toMatchObject({ ok: true });
  };
  expect(probes.list()).toEqual([]);
  await reload(estate(port));
  await until(() => probes.list().some(({ state }) => state === 'up'));
  await reload(none);
  await until(() => probes.list().length === 0);
  const moves = (await world.records('probe.transition')).map(
    ({ body }) => `${body.probe} ${body.from}→${body.to}`,
  );
  expect(moves.filter((move) => move.startsWith('web'))).toEqual(['web pending→up', 'web up→pending']);
});

test('a killed daemon loses a second of samples at most, and no state', async () => {
  const target = await service();
  const place = await Place.make({ estate: estate(target.port), runbooks: {} });
  onTestFinished(() => place.close());
  let daemon = await place.start();
  await until(async () =>
    (await place.records('probe.transition')).some(({ body }) => body['probe'] === 'web'),
  );
  target.status = 500;
  await until(async () =>
    (await place.records('probe.transition')).some(({ body }) => body['to'] === 'down'),
  );
  const before = target.asked;
  await until(() => target.asked >= before + 10);
  await daemon.end('SIGKILL');
  daemon = await place.start();
  const list = await place.json(['probe', 'list']);
  expect(list.data).toMatchObject([{ name: 'web', state: 'down' }, { name: 'hidden' }]);
  const history = await place.json(['probe', 'history', 'web', '--hours', '1', '--rows', '1']);
  const { good, bad } = history.data as { good: number; bad: number };
  expect(good).toBeGreaterThan(0);
  // Those of the last second before the kill may be gone: five, and what was under way.
  expect(good + bad).toBeGreaterThan(before - 8);
  target.status = 200;
  await until(
    async () =>
      (await place.records('probe.transition')).filter(({ body }) => body['to'] === 'up').length > 1,
  );
  const ofWeb = (await place.records('probe.transition')).filter(({ body }) => body['probe'] === 'web');
  expect(ofWeb.map(({ body }) => body['to'])).toEqual(['up', 'down', 'up']);
  expect(await daemon.end('SIGTERM')).toBe(128 + 15);
});

test('a command that is probed is a mandate: whoever changes the file gets nothing run before somebody has accepted it', async () => {
  const { port } = await service();
  const probing = (argv: string, more = ''): string =>
    estate(
      port,
      `  raid: { kind: command, project: shop, env: dev, argv: [${argv}], interval: 1h, failures: 1${more} }\n`,
    );
  const world = await openWorld({ estate: probing('/bin/true'), runbooks: {} });
  const run = async () => (await world.as('root', { command: 'probe run', args: { probe: 'raid' } })).data;
  // The first start accepts what it finds, and says so.
  expect(await run()).toMatchObject({ verdict: 'up' });
  // How often it runs, and when people are told, is no matter of what runs.
  await world.write('reeve.yaml', probing('/bin/true', ', severity: warn'));
  expect((await world.as('root', { command: 'config reload' })).ok).toBe(true);
  expect(await run()).toMatchObject({ verdict: 'up' });

  await world.write('reeve.yaml', probing("/bin/sh, -c, 'echo ran >> ran.txt'"));
  expect((await world.as('root', { command: 'config reload' })).ok).toBe(true);
  expect(await run()).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('its entry in reeve.yaml changed'),
  });
  expect(existsSync(path.join(world.root, 'ran.txt'))).toBe(false);
  expect(await world.records('mandate.suspended')).toMatchObject([{ body: { id: 'probe:raid' } }]);
  const accept = { command: 'config accept', args: { mandate: 'probe:raid' } };
  const shown = await world.as('root', accept);
  expect(JSON.stringify(shown)).toContain('echo ran');
  expect((await world.as('root', { ...accept, confirm: shown.confirm?.digest ?? '' })).ok).toBe(true);
  expect(await run()).toMatchObject({ verdict: 'up' });
  expect(existsSync(path.join(world.root, 'ran.txt'))).toBe(true);
});
