import { expect, test } from 'vitest';
import { WRONG_TOKENS_PER_MINUTE } from '../../daemon/http/guard.ts';
import { REFUSALS_PER_MINUTE } from '../../daemon/http/refusals.ts';
import { apiWorld, ask, digestOf, jobId, jobView, post, type World } from '../helpers/api-world.ts';

/** Refused with this code, on the record once, and nothing reached the door. */
function expectRefused(world: World, code: string, records = 1): void {
  expect(world.refusals.map(({ error }) => error.code)).toEqual(Array.from({ length: records }, () => code));
  expect(world.admitted).toEqual([]);
}

const evil = { origin: 'https://evil.example' };

test('attack 54: a cross-site POST is refused by its Origin, with the right token and from the right host', async () => {
  const world = await apiWorld();
  const answer = await post(world, 'tcp', { command: 'halt' }, evil);
  expect(answer).toMatchObject({ status: 403, json: { code: 'ORIGIN_REFUSED', ledger_seq: 1 } });
  expect(answer.headers['access-control-allow-origin']).toBeUndefined();
  expectRefused(world, 'ORIGIN_REFUSED');
});

test.each(['cross-site', 'same-site'])(
  'attack 54: a POST that the browser calls %s is refused',
  async (site) => {
    const world = await apiWorld();
    expect((await post(world, 'tcp', { command: 'halt' }, { 'sec-fetch-site': site })).status).toBe(403);
    expectRefused(world, 'ORIGIN_REFUSED');
  },
);

test.each([
  'application/x-www-form-urlencoded',
  'text/plain',
  'multipart/form-data; boundary=x',
  'application/jsonx',
])('attack 54: a body a form could send (%s) is refused', async (type) => {
  const world = await apiWorld();
  const answer = await post(world, 'tcp', '{"command":"halt"}', { 'content-type': type });
  expect(answer).toMatchObject({ status: 415, json: { code: 'BODY_TYPE' } });
  expectRefused(world, 'BODY_TYPE');
});

test('attack 54: a preflight is refused and grants nothing', async () => {
  const world = await apiWorld();
  const headers = { ...evil, 'access-control-request-method': 'POST' };
  const answer = await ask(world, 'tcp', { method: 'OPTIONS', path: '/v1/commands', headers });
  expect(answer.status).toBe(403);
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
});

test('attack 54: a browser tunnelled to the socket does not become the owner', async () => {
  const world = await apiWorld();
  expect((await post(world, 'socket', { command: 'halt' }, evil)).json).toMatchObject({
    code: 'ORIGIN_REFUSED',
  });
  await post(world, 'socket', { command: 'halt' }, { 'sec-fetch-site': 'same-origin' });
  expectRefused(world, 'ORIGIN_REFUSED', 2);
});

test.each([
  'https://evil.example',
  'null',
  'http://127.0.0.1:1',
  'http://localhost',
  'http://127.0.0.1.evil.example',
])('attack 55: the event stream refuses the origin %s, as does a websocket handshake', async (origin) => {
  const world = await apiWorld();
  const upgrade = { connection: 'upgrade', upgrade: 'websocket', 'sec-websocket-version': '13' };
  expect((await ask(world, 'tcp', { path: '/v1/events', headers: { origin } })).status).toBe(403);
  expect((await ask(world, 'tcp', { path: '/v1/events', headers: { origin, ...upgrade } })).status).toBe(403);
  expectRefused(world, 'ORIGIN_REFUSED', 2);
  expect(world.server.streams()).toBe(0);
});

test('the own origin passes, and a link on another site may lead to the page but not to data', async () => {
  const world = await apiWorld();
  const own = { origin: `http://127.0.0.1:${world.at.port}`, 'sec-fetch-site': 'same-origin' };
  expect((await post(world, 'tcp', { command: 'status' }, own)).status).toBe(200);
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
  expect((await ask(world, 'tcp', { path: '/', headers: link })).status).toBe(200);
  expect((await ask(world, 'tcp', { path: '/v1/status', headers: link })).status).toBe(403);
});

test.each(['evil.example', '127.0.0.1', 'localhost:1', '127.0.0.1.evil.example:80', 'x\u00e9'])(
  'attack 56: the Host %s is refused, also on open routes',
  async (host) => {
    const world = await apiWorld();
    expect(await ask(world, 'tcp', { path: '/healthz', headers: { host } })).toMatchObject({
      status: 421,
      json: { code: 'HOST_REFUSED' },
    });
    await post(world, 'tcp', { command: 'halt' }, { host });
    expectRefused(world, 'HOST_REFUSED', 2);
  },
);

test('localhost and ::1 with the port are this daemon', async () => {
  const world = await apiWorld();
  for (const name of ['localhost', 'LOCALHOST', '[::1]', '127.0.0.1']) {
    expect(
      (await ask(world, 'tcp', { path: '/healthz', headers: { host: `${name}:${world.at.port}` } })).status,
    ).toBe(200);
  }
});

test.each(['user', 'person', 'actor', 'by', 'account', 'as'])(
  'attack 57: a caller that names its own %s in the body or the query is refused',
  async (field) => {
    const world = await apiWorld();
    for (const over of ['socket', 'tcp'] as const) {
      expect((await post(world, over, { command: 'halt', [field]: 'admin' })).json).toMatchObject({
        code: 'CALLER_NAMED',
      });
      expect((await ask(world, over, { path: `/v1/status?${field}=admin` })).json).toMatchObject({
        code: 'CALLER_NAMED',
      });
    }
    expectRefused(world, 'CALLER_NAMED', 4);
  },
);

test.each(['X-Remote-User', 'Remote-User', 'X-Forwarded-User', 'X-WebAuth-User', 'X-Reeve-Person'])(
  'attack 57: the header %s is refused',
  async (name) => {
    const world = await apiWorld();
    expect((await post(world, 'socket', { command: 'halt' }, { [name]: 'admin' })).json).toMatchObject({
      code: 'CALLER_NAMED',
      status: 400,
    });
    expectRefused(world, 'CALLER_NAMED');
  },
);

test('attack 57: an argument of that name is the command’s own business', async () => {
  const world = await apiWorld();
  expect((await post(world, 'socket', { command: 'people show', args: { person: 'ann' } })).status).toBe(200);
});

test('attack 58: jobs, logs, downloads and streams of a project need a role there', async () => {
  const world = await apiWorld();
  const digest = digestOf('result');
  world.store.set(digest, Buffer.from('result'));
  world.jobs.push(jobView(1, 'shop', 'PASS', digest), jobView(2, 'reeve', 'PASS'));
  for (const verb of ['view', 'read', 'subscribe']) world.denied.add(`${verb} shop prod`);
  const paths = [
    `/v1/jobs/${jobId(1)}`,
    `/v1/jobs/${jobId(1)}/logs`,
    `/v1/artifacts/${digest}`,
    `/v1/artifacts/${digestOf('plan 1')}`,
    `/v1/events?job=${jobId(1)}`,
  ];
  for (const path of paths) {
    expect((await ask(world, 'tcp', { path })).json, path).toMatchObject({ code: 'FORBIDDEN', status: 403 });
  }
  expectRefused(world, 'FORBIDDEN', paths.length);
  const { json } = await ask(world, 'tcp', { path: '/v1/jobs' });
  expect((json['jobs'] as { title: string }[]).map((job) => job.title)).toEqual(['Job 2']);
  expect((await ask(world, 'tcp', { path: `/v1/jobs/${jobId(2)}/logs` })).status).toBe(200);
});

test('attack 58: without the verb anywhere every reading route is closed', async () => {
  const world = await apiWorld();
  for (const verb of ['view', 'read', 'subscribe']) world.denied.add(verb);
  for (const path of [
    '/v1/status',
    '/v1/jobs',
    '/metrics',
    '/v1/events',
    '/v1/ledger/checkpoint',
    '/v1/ledger/proof/0',
  ]) {
    expect((await ask(world, 'socket', { path })).json, path).toMatchObject({ code: 'FORBIDDEN' });
  }
});

test('attack 58: the result of an attempt that did not pass cannot be downloaded; its log can', async () => {
  const world = await apiWorld();
  const digest = digestOf('bad');
  world.store.set(digest, Buffer.from('bad'));
  world.jobs.push(jobView(1, 'shop', 'FAIL', digest));
  expect((await ask(world, 'socket', { path: `/v1/artifacts/${digest}` })).json).toMatchObject({
    code: 'ARTIFACT_GATED',
  });
  expectRefused(world, 'ARTIFACT_GATED');
  expect((await ask(world, 'socket', { path: `/v1/jobs/${jobId(1)}/logs` })).status).toBe(200);
});

test('everything but health and the page needs a token on TCP', async () => {
  const world = await apiWorld();
  for (const path of [
    '/metrics',
    '/openapi.json',
    '/v1/status',
    '/v1/catalogue',
    '/v1/jobs',
    '/v1/events',
    '/v1/nothing',
  ]) {
    const bare = await ask({ ...world, token: 'x' }, 'tcp', {
      path,
      headers: { authorization: 'Basic eA==' },
    });
    expect(bare, path).toMatchObject({ status: 401, json: { code: 'TOKEN_INVALID' } });
    expect(bare.headers['www-authenticate']).toContain('Bearer');
  }
  for (const path of ['/healthz', '/readyz', '/', '/page.js']) {
    expect((await ask({ ...world, token: 'x' }, 'tcp', { path })).status, path).toBe(200);
  }
});

test('wrong tokens are limited, the right one still passes', async () => {
  const world = await apiWorld();
  const guess = { authorization: `Bearer ${'A'.repeat(43)}` };
  const codes: unknown[] = [];
  for (let i = 0; i < WRONG_TOKENS_PER_MINUTE + 2; i++) {
    codes.push((await ask(world, 'tcp', { path: '/v1/status', headers: guess })).json['code']);
  }
  expect(codes.slice(-3)).toEqual(['TOKEN_INVALID', 'RATE_LIMITED', 'RATE_LIMITED']);
  expect((await ask(world, 'tcp', { path: '/v1/status' })).status).toBe(200);
  await world.clock.advance(60_000);
  expect((await ask(world, 'tcp', { path: '/v1/status', headers: guess })).json['code']).toBe(
    'TOKEN_INVALID',
  );
});

test('a flood of refusals is counted, not written down one by one', async () => {
  const world = await apiWorld();
  for (let i = 0; i < REFUSALS_PER_MINUTE + 5; i++) await post(world, 'socket', { command: 'x', user: 'y' });
  expect(world.refusals).toHaveLength(REFUSALS_PER_MINUTE);
  await world.clock.advance(60_000);
  await post(world, 'socket', { command: 'x', user: 'y' });
  expect(world.refusals.at(-1)?.count).toBe(6);
});

test('a refusal stands although its record cannot be written', async () => {
  const world = await apiWorld({ refused: () => Promise.reject(new Error('disk')) });
  expect((await post(world, 'tcp', { command: 'x' }, evil)).json).toMatchObject({ code: 'ORIGIN_REFUSED' });
  expect(world.admitted).toEqual([]);
  expect(world.logged.map(({ message }) => message)).toContain('error: a refusal could not be recorded');
});

test('attack 51: what a caller sends stands in messages as printable ASCII, shortened', async () => {
  const world = await apiWorld();
  const answer = await post(
    world,
    'tcp',
    { command: 'x' },
    { origin: `http://e\u009b31m${'x'.repeat(500)}` },
  );
  const { message } = answer.json;
  expect(message).toMatch(/^[\x20-\x7e…]*$/);
  expect(String(message).length).toBeLessThan(200);
});
