import * as fc from 'fast-check';
import net from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { ErrorResponse } from '../../contracts/errors.ts';
import { LIMITS } from '../../daemon/http/context.ts';
import { MAX_DEPTH } from '../../daemon/json-body.ts';
import { apiWorld, ask, post, type World } from '../helpers/api-world.ts';

/** Writes bytes on a bare connection and resolves to all that came back until the daemon closed it. */
function raw(world: World, write: (socket: net.Socket) => void): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = net.connect(world.at.port, '127.0.0.1', () => write(socket));
    socket.on('data', (chunk) => (text += chunk.toString('latin1')));
    // A reset after the answer is how a refused upload ends.
    socket.on('error', (error) => (text === '' ? reject(error) : undefined));
    socket.on('close', () => resolve(text));
  });
}

const head = (world: World, more: string[]): string =>
  [
    'POST /v1/commands HTTP/1.1',
    `Host: 127.0.0.1:${world.at.port}`,
    `Authorization: Bearer ${world.token}`,
    'Content-Type: application/json',
    ...more,
    '',
    '',
  ].join('\r\n');

const codeIn = (text: string): string | undefined => /"code":"([A-Z_]+)"/.exec(text)?.[1];

test('attack 36: an oversized body is refused by its announced length, before it is sent', async () => {
  const world = await apiWorld();
  const text = await raw(world, (s) => s.write(head(world, [`Content-Length: ${LIMITS.body + 1}`])));
  expect(text).toContain('413');
  expect(codeIn(text)).toBe('BODY_TOO_LARGE');
  expect(world.refusals.map((r) => r.error.code)).toEqual(['BODY_TOO_LARGE']);
});

test('attack 36: a chunked body without end is cut off at the limit', async () => {
  const world = await apiWorld();
  const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
  const text = await raw(world, (socket) => {
    socket.write(head(world, ['Transfer-Encoding: chunked']));
    const more = (): void => {
      while (socket.writable && socket.write(chunk));
    };
    socket.on('drain', more);
    more();
  });
  expect(codeIn(text)).toBe('BODY_TOO_LARGE');
  expect(world.refusals).toHaveLength(1);
  expect(world.admitted).toEqual([]);
});

test.each(['gzip', 'br', 'deflate', 'zstd', 'gzip, identity'])(
  'attack 36: a body compressed as %s is refused unread',
  async (encoding) => {
    const world = await apiWorld();
    const bomb = gzipSync(Buffer.alloc(1024 * 1024, ' '));
    const answer = await post(world, 'tcp', bomb, { 'content-encoding': encoding });
    expect(answer).toMatchObject({ status: 415, json: { code: 'BODY_ENCODING', ledger_seq: 1 } });
    expect(world.admitted).toEqual([]);
  },
);

test('a client that goes away with its request half sent has tried nothing: no record', async () => {
  const world = await apiWorld();
  for (const half of ['GET /healthz HT', `${head(world, ['Content-Length: 100'])}{"a"`]) {
    await raw(world, (s) => s.end(half)).catch(() => '');
  }
  expect(world.refusals).toEqual([]);
  expect(world.admitted).toEqual([]);
});

test('attack 36: headers beyond the limit and both lengths at once are refused', async () => {
  const world = await apiWorld();
  const big = await raw(world, (s) => s.write(head(world, [`X-Big: ${'x'.repeat(20_000)}`])));
  expect(codeIn(big)).toBe('HEADERS_TOO_LARGE');
  const both = await raw(world, (s) =>
    s.write(head(world, ['Transfer-Encoding: chunked', 'Content-Length: 5'])),
  );
  expect(codeIn(both)).toBe('REQUEST_MALFORMED');
});

test.each([
  ['headers', 'POST /v1/commands HTTP/1.1\r\nHost: x\r\n'],
  ['body', undefined],
])('attack 37: a sender that never finishes its %s is cut off', async (_what, start) => {
  const world = await apiWorld({ limits: { requestMs: 200, headersMs: 100, checkMs: 20 } });
  const text = await raw(world, (s) => s.write(start ?? `${head(world, ['Content-Length: 100'])}{"command"`));
  expect(text).toContain('408');
  expect(codeIn(text)).toBe('REQUEST_SLOW');
  expect(world.refusals.map((r) => r.error.code)).toEqual(['REQUEST_SLOW']);
  expect(world.admitted).toEqual([]);
});

const connected = (port: number, said = ''): Promise<net.Socket> =>
  new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
    if (said !== '') socket.write(said);
  });

test('attack 37: who says nothing, or not all of it, keeps nobody out: beyond the limit the longest of them goes', async () => {
  const world = await apiWorld({ limits: { connections: 3 } });
  const idle: net.Socket[] = [];
  for (const said of [
    '',
    'GET /healthz HT',
    'POST /v1/command HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{',
  ])
    idle.push(await connected(world.at.port, said));
  for (let n = 0; n < 10; n++)
    expect((await ask(world, 'tcp', { path: '/healthz', headers: { connection: 'close' } })).status).toBe(
      200,
    );
  await expect.poll(() => idle.map((socket) => socket.destroyed)).toEqual([true, false, false]);
  for (const socket of idle) socket.destroy();
});

test('attack 37: connections beyond the limit are dropped, those that are being answered go on', async () => {
  const world = await apiWorld({ limits: { connections: 3 } });
  const streams = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const token = `Authorization: Bearer ${world.token}\r\n`;
      const socket = await connected(
        world.at.port,
        `GET /v1/events HTTP/1.1\r\nHost: 127.0.0.1:${world.at.port}\r\n${token}\r\n`,
      );
      await new Promise((resolve) => socket.once('data', resolve));
      return socket;
    }),
  );
  await expect(ask(world, 'tcp', { path: '/healthz' })).rejects.toThrow(/ECONNRESET|socket hang up/);
  expect(streams.map((socket) => socket.destroyed)).toEqual([false, false, false]);
  for (const socket of streams) socket.destroy();
  expect((await ask(world, 'socket', { path: '/healthz' })).status).toBe(200);
});

test.each(['[', '{"a":'])(
  'attack 38: JSON nested 10,000 deep with %s is refused before it is built',
  async (open) => {
    const world = await apiWorld();
    const close = open === '[' ? ']' : '}';
    const deep = `${open.repeat(10_000)}${open === '[' ? '' : '1'}${close.repeat(10_000)}`;
    for (const body of [
      deep,
      `{"command":"x","args":${open === '[' ? `{"a":${deep}}` : deep}}`,
      open.repeat(300_000),
    ]) {
      const answer = await post(world, 'socket', body);
      expect(answer).toMatchObject({ status: 400, json: { code: 'BODY_INVALID' } });
      expect(answer.json['message']).toContain(`${MAX_DEPTH} levels`);
    }
    expect(world.refusals).toHaveLength(3);
    expect(world.admitted).toEqual([]);
  },
);

test('attack 38: brackets inside text are no nesting', async () => {
  const world = await apiWorld();
  const text = `\\"${'['.repeat(500)}\\\\`;
  expect((await post(world, 'socket', `{"command":"x","args":{"t":"${text}"}}`)).status).toBe(200);
});

test.each([
  '{"command":"x","__proto__":{"force":true}}',
  '{"command":"x","args":{"__proto__":{"polluted":1}}}',
  '{"command":"x","args":{"a":[{"constructor":{"prototype":{"polluted":1}}}]}}',
  '{"command":"x","args":{"\\u005f_proto__":{"polluted":1}}}',
  '{"command":"x","args":{"prototype":1}}',
])('attack 39: %s is refused and pollutes nothing', async (body) => {
  const world = await apiWorld();
  expect((await post(world, 'socket', body)).json).toMatchObject({ code: 'BODY_INVALID', ledger_seq: 1 });
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  expect(world.admitted).toEqual([]);
});

test('attack 53: a reason of a megabyte reaches the door, which refuses it', async () => {
  const world = await apiWorld();
  const answer = await post(world, 'tcp', { command: 'halt', reason: 'x'.repeat(1_048_576) });
  expect(answer).toMatchObject({ status: 413, json: { ok: false, error: { code: 'REASON_TOO_LONG' } } });
  expect(world.admitted).toHaveLength(1);
  // The door writes its own record.
  expect(world.refusals).toEqual([]);
});

test.each([
  ['', 'empty'],
  ['{"command":', 'not JSON'],
  [Buffer.from([0x7b, 0xff, 0x7d]), 'not UTF-8'],
  ['{"command":7}', 'body.command'],
  ['{"command":"x","forced":true}', 'forced'],
  ['{"command":"x","args":[]}', 'body.args'],
  ['null', 'body'],
])('a body such as %s is refused with the place of the mistake', async (body, part) => {
  const world = await apiWorld();
  const { json, status } = await post(world, 'socket', body);
  expect(status).toBe(400);
  expect(ErrorResponse.parse(json)).toMatchObject({ code: 'BODY_INVALID' });
  expect(json['message']).toContain(part);
});

test('a query with unknown or unfitting fields is refused', async () => {
  const world = await apiWorld();
  for (const path of [
    '/v1/jobs?limit=0',
    '/v1/jobs?limit=x',
    '/v1/jobs?what=1',
    '/v1/jobs/xyz',
    '/v1/events?from=-1',
    '/v1/artifacts/sha256:00',
  ]) {
    expect((await ask(world, 'socket', { path })).json, path).toMatchObject({
      code: 'BODY_INVALID',
      status: 400,
    });
  }
});

test('whatever the body is, the answer is a Reply or a refusal with a code, never a 500, never silence', async () => {
  const world = await apiWorld();
  const command = fc.record(
    {
      command: fc.oneof(fc.string(), fc.constant('status'), fc.jsonValue()),
      args: fc.jsonValue(),
      reason: fc.jsonValue(),
      confirm: fc.jsonValue(),
      force: fc.jsonValue(),
      nonce: fc.string(),
    },
    { requiredKeys: [] },
  );
  const bodies = fc.oneof(
    command.map((value) => JSON.stringify(value)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
    fc.tuple(command, fc.nat(200)).map(([value, cut]) => JSON.stringify(value).slice(0, cut)),
  );
  await fc.assert(
    fc.asyncProperty(bodies, fc.constantFrom('socket' as const, 'tcp' as const), async (body, over) => {
      const { status, json } = await post(world, over, body);
      expect(status).toBeLessThan(500);
      const understood = status === 200 ? json['ok'] : ErrorResponse.safeParse(json['error'] ?? json).success;
      expect(understood).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('bytes that are no HTTP get an answer and a closed connection', async () => {
  const world = await apiWorld();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ minLength: 4, maxLength: 200 }), async (bytes) => {
      const text = await raw(world, (socket) => {
        socket.end(Buffer.concat([Buffer.from(bytes), Buffer.from('\r\n\r\n')]));
      });
      expect(text === '' || text.startsWith('HTTP/1.1 4')).toBe(true);
    }),
    { numRuns: 50 },
  );
  expect((await ask(world, 'tcp', { path: '/healthz' })).status).toBe(200);
});
