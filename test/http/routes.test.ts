import { stat } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { Health, JobDetail, JobList, JobLogs, Ready, StatusView } from '../../contracts/api.ts';
import { Catalogue } from '../../contracts/catalogue.ts';
import { ErrorResponse } from '../../contracts/errors.ts';
import { Reply } from '../../contracts/reply.ts';
import { routes } from '../../daemon/http/routes/index.ts';
import { apiWorld, ask, digestOf, jobId, jobView, post } from '../helpers/api-world.ts';

test('every answer fits the schema it is published with, on both transports', async () => {
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'PASS'));
  const expected = [
    ['/healthz', Health],
    ['/readyz', Ready],
    ['/v1/status', StatusView],
    ['/v1/catalogue', Catalogue],
    ['/v1/jobs', JobList],
    [`/v1/jobs/${jobId(1)}`, JobDetail],
    [`/v1/jobs/${jobId(1)}/logs`, JobLogs],
  ] as const;
  for (const over of ['socket', 'tcp'] as const) {
    for (const [path, schema] of expected) {
      const answer = await ask(world, over, { path });
      expect(answer.status, path).toBe(200);
      expect(() => schema.parse(answer.json), path).not.toThrow();
      expect(answer.headers['content-type']).toContain('application/json');
      expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
    }
    const done = await post(world, over, { command: 'status' });
    expect(Reply.parse(done.json).ok).toBe(true);
  }
});

test('the last lines of a log, and which they are', async () => {
  const stored = ['a', 'b', 'c'].map((line) => ({ step: 'one', stream: 'stdout' as const, line }));
  const world = await apiWorld();
  world.jobs.push(jobView(1, 'shop', 'PASS'));
  world.logs.push(...stored);
  const lines = async (query: string): Promise<unknown> => {
    const { status, json } = await ask(world, 'socket', { path: `/v1/jobs/${jobId(1)}/logs${query}` });
    return status === 200 ? [json['first'], json['lines']] : status;
  };
  expect(await lines('')).toEqual([0, stored]);
  expect(await lines('?tail=2')).toEqual([1, stored.slice(1)]);
  expect(await lines('?tail=3')).toEqual([0, stored]);
  expect(await lines('?tail=10000')).toEqual([0, stored]);
  for (const wrong of ['0', '-1', '10001', 'x']) expect(await lines(`?tail=${wrong}`), wrong).toBe(400);
});

test('the socket is 0600 and gone after close; the token is 0600', async () => {
  const world = await apiWorld();
  expect((await stat(world.at.socket)).mode & 0o777).toBe(0o600);
  expect((await stat(`${world.home}/token`)).mode & 0o777).toBe(0o600);
  await world.server.close(0);
  await expect(stat(world.at.socket)).rejects.toThrow('ENOENT');
});

test('who calls follows from the connection, how it labels itself from the header', async () => {
  const world = await apiWorld();
  await post(world, 'socket', { command: 'a' }, { 'reeve-client': 'cli' });
  await post(world, 'socket', { command: 'a' }, { 'reeve-client': 'cli;tty' });
  await post(world, 'tcp', { command: 'b' }, { 'sec-fetch-site': 'same-origin' });
  await post(world, 'tcp', { command: 'c' });
  expect(world.identified).toEqual([
    { transport: 'socket', client: 'cli' },
    { transport: 'socket', client: 'cli' },
    { transport: 'tcp', holder: { kind: 'owner' }, client: 'web' },
    { transport: 'tcp', holder: { kind: 'owner' }, client: 'api' },
  ]);
  expect(world.admitted.map(({ caller }) => caller.via)).toEqual(['cli', 'cli', 'web', 'api']);
});

test('defaults of a command are filled in before the door sees it', async () => {
  const world = await apiWorld();
  await post(world, 'socket', { command: 'status' });
  expect(world.admitted[0]?.request).toMatchObject({
    command: 'status',
    args: {},
    force: false,
    dry_run: false,
  });
});

test('an unknown path is explained, also with another method and with a path that cannot be decoded', async () => {
  const world = await apiWorld();
  for (const [method, path] of [
    ['GET', '/v1/nothing'],
    ['DELETE', '/v1/jobs'],
  ] as const) {
    const answer = await ask(world, 'socket', {
      method,
      path,
      headers: { 'content-type': 'application/json' },
    });
    expect(ErrorResponse.parse(answer.json)).toMatchObject({ code: 'ROUTE_NOT_FOUND', status: 404 });
    expect(answer.json['message']).toContain(`${method} ${path}`);
  }
  expect((await ask(world, 'socket', { path: '/v1/jobs/%E0%A4%A' })).json).toMatchObject({
    code: 'REQUEST_MALFORMED',
  });
});

test('a defect shows its id alone; the log has the rest', async () => {
  const world = await apiWorld({
    status: () => {
      throw new Error('secret detail in /home/somebody');
    },
  });
  const answer = await ask(world, 'socket', { path: '/v1/status' });
  expect(answer.json).toMatchObject({ code: 'INTERNAL', status: 500 });
  expect(answer.text).not.toContain('secret detail');
  const id = /unexpected error, ([0-9a-f]{12})/.exec(answer.text)?.[1];
  expect(world.logged.some(({ fields }) => JSON.stringify(fields).includes(String(id)))).toBe(true);
});

test('not ready is a 503 with the reason; a broken ledger is degraded, and status still answers', async () => {
  const world = await apiWorld({
    ready: () => ({ ready: false, checks: [{ name: 'ledger', ok: false, why: 'disk' }] }),
  });
  expect(await ask(world, 'tcp', { path: '/readyz', headers: { authorization: '' } })).toMatchObject({
    status: 503,
    json: { ready: false, checks: [{ why: 'disk' }] },
  });
});

test('checkpoint and proofs', async () => {
  const world = await apiWorld();
  const note = await ask(world, 'socket', { path: '/v1/ledger/checkpoint' });
  expect(note.text).toMatch(/^test\.example\/ledger\n\d+\n/);
  expect((await ask(world, 'socket', { path: '/v1/ledger/proof/0' })).text).toBe('proof of 0\n');
  expect((await ask(world, 'socket', { path: '/v1/ledger/proof/99' })).json).toMatchObject({
    code: 'LEDGER_RANGE',
  });
  expect((await ask(world, 'socket', { path: '/v1/ledger/proof/x' })).json).toMatchObject({
    code: 'BODY_INVALID',
  });
});

test('an artifact comes as bytes to save, whatever its type says', async () => {
  const world = await apiWorld();
  const html = '<script>alert(1)</script>';
  const digest = digestOf(html);
  world.store.set(digest, Buffer.from(html));
  world.jobs.push(jobView(1, 'shop', 'PASS', digest));
  const answer = await ask(world, 'socket', { path: `/v1/artifacts/${digest}` });
  expect(answer.text).toBe(html);
  expect(answer.headers['content-type']).toBe('application/octet-stream');
  expect(answer.headers['content-disposition']).toBe('attachment; filename="x__.html"');
  const unlisted = digestOf('nobody mentions it');
  world.store.set(unlisted, Buffer.from('x'));
  expect((await ask(world, 'socket', { path: `/v1/artifacts/${unlisted}` })).json).toMatchObject({
    code: 'ARTIFACT_NOT_FOUND',
  });
});

test('an artifact of an old job is found through the ledger', async () => {
  const world = await apiWorld();
  const digest = digestOf('config');
  world.store.set(digest, Buffer.from('config'));
  await world.ledger.append('config.version', {
    config_name: 'reeve.yaml',
    config_version: '1',
    digest,
    artifact: { ref: `artifact:${digest}`, digest, mediaType: 'text/plain' },
  });
  expect((await ask(world, 'socket', { path: `/v1/artifacts/${digest}` })).text).toBe('config');
  // It holds the words that are to be shown nowhere, so reading alone does not do.
  world.denied.add('administer shop');
  expect((await ask(world, 'socket', { path: `/v1/artifacts/${digest}` })).json).toMatchObject({
    code: 'FORBIDDEN',
  });
});

test('OpenAPI lists every route with its schemas', async () => {
  const world = await apiWorld();
  const { json } = await ask(world, 'socket', { path: '/openapi.json' });
  expect(json).toMatchObject({ openapi: '3.1.0', info: { title: 'Reeve' } });
  const paths = Object.keys(json['paths'] as object);
  expect(paths).toEqual(
    expect.arrayContaining([
      '/healthz',
      '/readyz',
      '/metrics',
      '/openapi.json',
      '/v1/status',
      '/v1/catalogue',
      '/v1/commands',
      '/v1/jobs',
      '/v1/jobs/{id}',
      '/v1/jobs/{id}/logs',
      '/v1/artifacts/{digest}',
      '/v1/events',
      '/v1/ledger/checkpoint',
      '/v1/ledger/proof/{seq}',
    ]),
  );
  expect(paths).not.toContain('/page.js');
  expect(JSON.stringify((json['paths'] as Record<string, unknown>)['/v1/commands'])).toContain('"command"');
});

test('route ids are unique', () => {
  expect(new Set(routes.map((r) => r.id)).size).toBe(routes.length);
});
