import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { hexOf, openHooks, SECRETS, type Hooks } from './rig.ts';

/** Writes these bytes on one connection, hangs up after so many answers, and resolves to all that was answered. */
function wire(hooks: Hooks, parts: readonly string[], answers = 1): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(Number(new URL(hooks.app.url).port), '127.0.0.1', () => {
      for (const part of parts) socket.write(part);
      if (answers === 0) socket.end();
    });
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      said += chunk;
      if (statuses(said).filter((status) => status >= 200).length >= answers) socket.end();
    });
    socket.on('error', () => undefined).on('close', () => resolve(said));
  });
}
let count = 0;
interface Shape {
  path?: string;
  method?: string;
  version?: string;
  secret?: string;
  headers?: string[];
  /** What it says of its length; by default what it has. */
  length?: string[];
}
function request(body: string, shape: Shape = {}): string {
  const {
    path = '/webhooks/github',
    method = 'POST',
    version = '1.1',
    secret = SECRETS.github_webhook,
  } = shape;
  const { headers = [], length = [`content-length: ${Buffer.byteLength(body)}`] } = shape;
  const lines = [
    `${method} ${path} HTTP/${version}`,
    'host: reeve.example.com',
    'content-type: application/json',
    `x-github-delivery: wire-${++count}`,
    'x-github-event: push',
    `x-hub-signature-256: sha256=${hexOf(secret, body)}`,
    ...length,
    ...headers,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
const statuses = (said: string): number[] =>
  [...said.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
const taken = async (hooks: Hooks): Promise<number> => (await hooks.records('webhook.received')).length;

test('fifty deliveries in one write are fifty, forged ones among them none', async () => {
  const hooks = await openHooks();
  const parts = Array.from({ length: 50 }, (_none, n) =>
    request(JSON.stringify({ n }), n % 10 === 3 ? { secret: 'of somebody else entirely' } : {}),
  );
  const got = statuses(await wire(hooks, [parts.join('')], 50));
  expect(got).toEqual(parts.map((_part, n) => (n % 10 === 3 ? 401 : 200)));
  expect(await taken(hooks)).toBe(45);
});

test('attack 36: lies about the length: both lengths, two of them, none, signs, too short, too long', async () => {
  const hooks = await openHooks();
  const body = '{"n":1}';
  const chunked = 'transfer-encoding: chunked';
  for (const [what, text] of [
    ['both', request(body, { length: [`content-length: ${body.length}`, chunked] })],
    ['both, the other way round', request(body, { length: [chunked, `content-length: ${body.length}`] })],
    ['two', request(body, { length: [`content-length: ${body.length}`, 'content-length: 3'] })],
    ['two in one', request(body, { length: [`content-length: ${body.length}, ${body.length}`] })],
    ['none', request(body, { length: [] })],
    ['a sign', request(body, { length: [`content-length: +${body.length}`] })],
    ['hexadecimal', request(body, { length: ['content-length: 0x7'] })],
    ['an odd encoding', request(body, { length: ['transfer-encoding: xchunked'] })],
    ['two encodings', request(body, { length: ['transfer-encoding: chunked, identity'] })],
    ['a bare chunk', request(`7\r\n${body}\r\n0\r\n\r\n`, { length: [chunked] })],
    ['a folded header', request(body, { headers: ['x-folded: a', ' b'] })],
    ['too short', request(body, { length: ['content-length: 3'] })],
  ] as const) {
    const got = statuses(await wire(hooks, [text]));
    expect([what, got.filter((status) => status < 400 || status >= 500)]).toEqual([what, []]);
  }
  // More was promised than comes before the line goes dead.
  await wire(hooks, [request(body, { length: ['content-length: 300'] })], 0);
  expect(await taken(hooks)).toBe(0);
  expect(statuses(await wire(hooks, [request(body)]))).toEqual([200]);
});

test('a path is that path alone: no other spelling, and no other source’s signature', async () => {
  const hooks = await openHooks();
  for (const path of [
    '/webhooks/github/',
    '//webhooks/github',
    '/webhooks//github',
    '/Webhooks/github',
    '/webhooks/GitHub',
    '/webhooks/%67ithub',
    '/webhooks%2fgithub',
    '/webhooks/github%00',
    '/webhooks/github%2e',
    '/webhooks/github;x=1',
    '/webhooks/generic/../github',
    '/webhooks/generic/%2e%2e/github',
    '/webhooks/generic/billing/../../github',
    '/webhooks/generic/__proto__',
    '/webhooks/generic/constructor',
    '/webhooks/generic/billing',
    '/webhooks/generic/',
    '/webhooks/linear',
    '/webhooks/',
    '/webhooks',
    'http://reeve.example.com/webhooks/github',
    '*',
  ]) {
    const got = statuses(await wire(hooks, [request(JSON.stringify({ path }), { path })]));
    expect([path, got.filter((status) => status < 400 || status >= 500)]).toEqual([path, []]);
  }
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'post', 'CONNECT']) {
    const got = statuses(await wire(hooks, [request(JSON.stringify({ method }), { method })]));
    expect([method, got.filter((status) => status < 400 || status >= 500)]).toEqual([method, []]);
  }
  expect(await taken(hooks)).toBe(0);
});

test('headers in any case, a sender that asks first, HTTP/1.0 and a query are taken; what would make it another request is not', async () => {
  const hooks = await openHooks();
  const upper = request('{"n":1}')
    .replace('x-hub-signature-256', 'X-HUB-Signature-256')
    .replace('x-github-event', 'X-GitHub-Event');
  expect(statuses(await wire(hooks, [upper]))).toEqual([200]);
  expect(statuses(await wire(hooks, [request('{"n":2}', { headers: ['expect: 100-continue'] })]))).toEqual([
    100, 200,
  ]);
  expect(statuses(await wire(hooks, [request('{"n":3}', { version: '1.0' })]))).toEqual([200]);
  expect(statuses(await wire(hooks, [request('{"n":4}', { path: '/webhooks/github?from=proxy' })]))).toEqual([
    200,
  ]);
  for (const headers of [
    ['x-hub-signature-256: sha256=00'],
    ['x-github-delivery: another'],
    ['x-github-event: release'],
    ['origin: https://evil.example'],
    ['sec-fetch-site: cross-site'],
    ['x-forwarded-user: root'],
    ['content-encoding: gzip'],
  ]) {
    const got = statuses(await wire(hooks, [request(JSON.stringify({ headers }), { headers })]));
    expect([headers, got.filter((status) => status < 400 || status >= 500)]).toEqual([headers, []]);
  }
  expect(await taken(hooks)).toBe(4);
});

test('attack 36: too many headers, a header without end, and a line that is none are cut off; others are served meanwhile', async () => {
  const hooks = await openHooks();
  const many = Array.from({ length: 5000 }, (_none, n) => `x-${n}: ${'y'.repeat(20)}`);
  expect(statuses(await wire(hooks, [request('{}', { headers: many })]))).toEqual([431]);
  expect(
    statuses(await wire(hooks, [`POST /webhooks/github HTTP/1.1\r\nx: ${'y'.repeat(200_000)}`])),
  ).toEqual([431]);
  expect(statuses(await wire(hooks, [`POST /${'y'.repeat(200_000)} HTTP/1.1\r\n`]))).toEqual([431]);
  for (const junk of [
    '\0\0\0\0\r\n\r\n',
    '\x16\x03\x01\x02',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
    'POST\r\n\r\n',
  ])
    expect(statuses(await wire(hooks, [junk])).every((status) => status >= 400 && status < 500)).toBe(true);
  expect(statuses(await wire(hooks, [request('{"n":1}')]))).toEqual([200]);
  expect(await taken(hooks)).toBe(1);
});

test('attack 37: bodies that never come to an end give back their room when they are cut, and count as nothing', async () => {
  const hooks = await openHooks();
  const body = JSON.stringify({ text: 'x'.repeat(200_000) });
  for (let round = 0; round < 3; round++) {
    const sockets = Array.from({ length: 100 }, () => {
      const socket = connect(Number(new URL(hooks.app.url).port), '127.0.0.1');
      socket.on('error', () => undefined);
      socket.write(request(body).slice(0, -1));
      return socket;
    });
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('ready', resolve))));
    expect((await hooks.as('root', { command: 'status' })).ok).toBe(true);
    for (const socket of sockets) socket.destroy();
  }
  // 300 of them would take twice the room there is.
  await expect.poll(async () => statuses(await wire(hooks, [request(body)]))).toEqual([200]);
  expect(await taken(hooks)).toBe(1);
});

test('attack 37: who sends bodies slowly is cut off when others need the room', async () => {
  const hooks = await openHooks();
  const body = JSON.stringify({ text: 'x'.repeat(200_000) });
  const sockets = Array.from({ length: 200 }, () => {
    const socket = connect(Number(new URL(hooks.app.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write(request(body).slice(0, 2000));
    return socket;
  });
  try {
    await Promise.all(sockets.map((socket) => new Promise((resolve) => socket.once('ready', resolve))));
    // A slow sender is left alone for 30 s where nobody else wants anything.
    await expect
      .poll(async () => statuses(await wire(hooks, [request(body)])), { timeout: 10_000 })
      .toEqual([200]);
    expect(await taken(hooks)).toBe(1);
  } finally {
    for (const socket of sockets) socket.destroy();
  }
});
