import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTcp, type AddressInfo, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import type { Clock } from '../../../daemon/ports/clock.ts';
import type { Finding } from '../../../daemon/ports/probes.ts';
import { http } from '../../../daemon/probes/kinds/http.ts';
import { forgetful } from '../../helpers/prober.ts';

type Answering = (request: IncomingMessage, response: ServerResponse) => void;

/** A server on loopback; `connections` counts those ever made, `open` those there are. */
async function serve(answer: Answering) {
  const sockets = new Set<Socket>();
  let connections = 0;
  const server: Server = createServer({ keepAliveTimeout: 60_000 }, answer);
  server.on('connection', (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    server,
    sockets,
    connections: () => connections,
    open: () => sockets.size,
  };
}

function open(options: object, deps: { allowed?: () => string[]; secret?: string; clock?: Clock } = {}) {
  const prober = http.open(http.schema.parse(options), {
    clock: deps.clock ?? systemClock,
    secrets: {
      get: (name) =>
        deps.secret === undefined ? Promise.reject(new Error(`no ${name}`)) : Promise.resolve(deps.secret),
    },
    allowed: deps.allowed ?? (() => ['127.0.0.1', 'localhost']),
    root: '/',
    probe: 'it',
    accepted: () => Promise.resolve(),
    memo: forgetful,
  });
  onTestFinished(() => prober.close());
  return prober;
}
const ask = (options: object, ms = 5000): Promise<Finding> => open(options).run(AbortSignal.timeout(ms));
const text =
  (body: string, status = 200, headers: Record<string, string> = {}): Answering =>
  (_, response) => {
    response.writeHead(status, headers);
    response.end(body);
  };

describe('what is expected of an answer', () => {
  test('a good status is up, with latency and figures', async () => {
    const { url } = await serve(text('fine'));
    expect(await ask({ url })).toEqual({
      verdict: 'up',
      why: '',
      ms: expect.any(Number),
      figures: { status: 200, bytes: 4 },
      near: true,
    });
  });

  test.each([
    [204, undefined, 'up'],
    [404, undefined, 'down'],
    [404, [404], 'up'],
    [418, ['400-420'], 'up'],
    [421, ['400-420'], 'down'],
    [503, ['2xx', '5xx'], 'up'],
  ])('status %i with %j is %s', async (status, want, verdict) => {
    const { url } = await serve(text('', status));
    const finding = await ask({ url, ...(want === undefined ? {} : { status: want }) });
    expect(finding.verdict).toBe(verdict);
    if (verdict === 'down')
      expect(finding.why).toBe(`the status is ${status}, not ${(want ?? ['2xx']).join(' or ')}`);
  });

  test.each<[object, string]>([
    [{ contains: 'all is well' }, ''],
    [{ contains: 'nothing' }, 'the body does not contain "nothing"'],
    [{ contains_not: 'well' }, 'the body contains "well"'],
    [{ matches: '"queue":\\s*\\d+' }, ''],
    [{ matches: '^x' }, 'the body does not match ^x'],
    [{ response_headers: { 'Content-Type': 'application/JSON' } }, ''],
    [
      { response_headers: { 'content-type': 'text' } },
      'the header content-type is "application/json", without "text"',
    ],
    [{ response_headers: { 'x-none': '' } }, 'there is no header x-none'],
    [{ json: { '$.state': 'all is well', '$.queue': { max: 10 }, '$.nodes[*].ok': true } }, ''],
    [{ json: { '$.state': 'bad' } }, '$.state is "all is well", not "bad"'],
    [{ json: { '$.queue': { min: 8 } } }, '$.queue is 7, not at least 8'],
    [{ json: { '$.nothing': 1 } }, 'there is nothing at $.nothing'],
    [{ json: { '$.nothing': { exists: false } } }, ''],
    [{ json: { '$.nodes[?@.name == "b"].ok': false } }, '$.nodes[?@.name == "b"].ok is true, not false'],
  ])('%j', async (options, why) => {
    const body = JSON.stringify({
      state: 'all is well',
      queue: 7,
      nodes: [
        { name: 'a', ok: true },
        { name: 'b', ok: true },
      ],
      filler: 'a'.repeat(40),
    });
    const { url } = await serve(text(body, 200, { 'content-type': 'application/json' }));
    const finding = await ask({ url, ...options });
    if (why === '') expect(finding).toMatchObject({ verdict: 'up', why: '' });
    else expect(finding).toMatchObject({ verdict: 'down', why: expect.stringContaining(why) });
  });

  test('a pattern that backtracks without end blames nobody, and holds nothing up', async () => {
    const { url } = await serve(text('a'.repeat(40)));
    expect(await ask({ url, matches: '(\\w+\\s?)+$!' })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('took longer than'),
    });
  });

  test('what is no JSON where JSON was asked for', async () => {
    const { url } = await serve(text('<html>'));
    expect(await ask({ url, json: { $: 1 } })).toMatchObject({
      verdict: 'down',
      why: 'the body is not JSON',
    });
  });

  test('slower than the limit is degraded', async () => {
    const { url } = await serve((_, response) => void setTimeout(() => response.end('ok'), 60));
    expect(await ask({ url, latency: '20ms' })).toMatchObject({
      verdict: 'degraded',
      why: expect.stringMatching(/^it took \d+ ms, over 20 ms$/),
    });
  });

  test('method, body and headers are sent; a secret stands in the header alone', async () => {
    const seen: string[] = [];
    const { url } = await serve((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => (body += chunk.toString()));
      request.on('end', () => {
        seen.push(
          `${request.method} ${String(request.headers['x-a'])} ${request.headers.authorization} ${body}`,
        );
        response.writeHead(500).end('no');
      });
    });
    const options = {
      url,
      method: 'POST',
      body: '{"a":1}',
      headers: { 'X-A': 'b', authorization: { secret: 'token', prefix: 'Bearer ' } },
    };
    const finding = await open(options, { secret: 's3cret' }).run(AbortSignal.timeout(5000));
    expect(seen).toEqual(['POST b Bearer s3cret {"a":1}']);
    expect(JSON.stringify(finding)).not.toContain('s3cret');
    expect(await open(options).run(AbortSignal.timeout(5000))).toMatchObject({
      verdict: 'inconclusive',
      why: 'the secret token is not there: reeve secret set token --value -',
    });
    expect(seen).toHaveLength(1);
  });
});

describe('connections', () => {
  test('one connection serves many runs', async () => {
    const { url, connections } = await serve(text('ok'));
    const prober = open({ url });
    for (let i = 0; i < 20; i++) expect((await prober.run(AbortSignal.timeout(5000))).verdict).toBe('up');
    expect(connections()).toBe(1);
  });

  test('one that the server has closed meanwhile is replaced, and blames nobody', async () => {
    const { url, sockets, connections } = await serve((request, response) => {
      // The second request on a connection is answered with its end, as a server does whose patience has just run out.
      const socket = request.socket as Socket & { used?: boolean };
      if (socket.used === true) {
        socket.destroy();
        return;
      }
      socket.used = true;
      response.end('ok');
    });
    const prober = open({ url });
    for (let i = 0; i < 5; i++) expect((await prober.run(AbortSignal.timeout(5000))).verdict).toBe('up');
    expect(connections()).toBe(5);
    expect(sockets.size).toBeLessThanOrEqual(1);
  });

  test('a server that only ever closes is down; a new connection is not tried twice', async () => {
    const { url, connections } = await serve((request) => request.socket.destroy());
    expect(await ask({ url })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('the connection was closed before an answer came'),
    });
    expect(connections()).toBe(1);
  });

  test('attack 48: addresses are judged anew after a minute, and a connection does not outlive its permission', async () => {
    const { url, connections } = await serve(text('ok'));
    let now = 0;
    let allowed = ['127.0.0.1'];
    const clock: Clock = { ...systemClock, monotonic: () => now };
    const prober = open({ url }, { clock, allowed: () => allowed });
    expect((await prober.run(AbortSignal.timeout(5000))).verdict).toBe('up');
    allowed = [];
    now = 61_000;
    expect(await prober.run(AbortSignal.timeout(5000))).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
    allowed = ['127.0.0.1'];
    expect((await prober.run(AbortSignal.timeout(5000))).verdict).toBe('up');
    expect(connections()).toBe(2);
  });

  test('nothing listens: down at once', async () => {
    const { url, server, port } = await serve(text('ok'));
    await new Promise<void>((resolve) => server.close(() => resolve()));
    expect(await ask({ url })).toMatchObject({
      verdict: 'down',
      why: `no connection to 127.0.0.1:${port} (ECONNREFUSED)`,
    });
  });

  test('closing the probe leaves no connection', async () => {
    const { url, open: there } = await serve(text('ok'));
    const prober = open({ url });
    await prober.run(AbortSignal.timeout(5000));
    expect(there()).toBe(1);
    await prober.close();
    while (there() > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  });
});

describe('redirects', () => {
  test('are followed on the own host, and judged as such when they are not', async () => {
    const { url } = await serve((request, response) => {
      if (request.url === '/a') response.writeHead(302, { location: '/b' }).end();
      else if (request.url === '/b') response.writeHead(307, { location: '/c' }).end();
      else response.end(request.url);
    });
    expect(await ask({ url: `${url}/a`, contains: '/c' })).toMatchObject({ verdict: 'up' });
    expect(await ask({ url: `${url}/a`, redirects: 0, status: [302] })).toMatchObject({ verdict: 'up' });
    expect(await ask({ url: `${url}/a`, redirects: 1 })).toMatchObject({
      verdict: 'down',
      why: 'it redirects more than 1 times',
    });
  });

  test('a circle ends', async () => {
    const { url } = await serve((_, response) => void response.writeHead(301, { location: '/' }).end());
    expect(await ask({ url })).toMatchObject({ verdict: 'down', why: 'it redirects more than 5 times' });
  });

  test('attack 48: to another host only when it is listed, and never to an address that nobody allowed', async () => {
    const to = (location: string): Promise<{ url: string }> =>
      serve((_, response) => void response.writeHead(302, { location }).end());
    const metadata = await to('http://169.254.169.254/latest/meta-data/');
    expect(await ask({ url: metadata.url })).toMatchObject({
      verdict: 'down',
      why: 'it redirects to 169.254.169.254, which is not in redirect_hosts',
    });
    expect(await ask({ url: metadata.url, redirect_hosts: ['169.254.169.254'] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
    for (const location of ['file:///etc/passwd', 'http://user:secret@127.0.0.1/', 'http://[']) {
      const finding = await ask({ url: (await to(location)).url });
      expect([finding.verdict, finding.why]).toEqual([
        'down',
        expect.stringMatching(/^it redirects to what /),
      ]);
    }
  });

  test('what was written for one host is not told to another', async () => {
    const seen: IncomingMessage['headers'][] = [];
    const other = await serve((request, response) => {
      seen.push(request.headers);
      response.end('ok');
    });
    const first = await serve(
      (_, response) => void response.writeHead(302, { location: `http://localhost:${other.port}/` }).end(),
    );
    const prober = open(
      {
        url: first.url,
        redirect_hosts: ['localhost'],
        headers: { authorization: { secret: 'token' }, cookie: 'a=b', 'x-key': 'k' },
      },
      { secret: 's3cret' },
    );
    expect((await prober.run(AbortSignal.timeout(5000))).verdict).toBe('up');
    expect(Object.keys(seen[0] ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });
});

describe('servers that mean no good', () => {
  async function raw(answer: (socket: Socket) => void): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createTcp((socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.once('data', () => answer(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  /** Writes as long as somebody reads. */
  const endlessly = (socket: Socket, chunk: Buffer): void => {
    const go = (): void => {
      while (!socket.destroyed && socket.write(chunk));
    };
    socket.on('drain', go);
    go();
  };
  const HEAD = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';

  test('one byte a second: the body did not end in time', async () => {
    const url = await raw((socket) => {
      socket.write(`${HEAD}Content-Length: 1000\r\n\r\n`);
      const timer = setInterval(() => socket.write('x'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    expect(await ask({ url }, 300)).toMatchObject({
      verdict: 'down',
      why: expect.stringMatching(/answered, and the body did not end in time$/),
    });
  });

  test('headers one byte a second, and none at all', async () => {
    const drip = await raw((socket) => {
      const timer = setInterval(() => socket.write('H'), 50);
      socket.on('close', () => clearInterval(timer));
    });
    expect((await ask({ url: drip }, 300)).verdict).toBe('down');
    const silent = await raw(() => undefined);
    expect(await ask({ url: silent }, 300)).toMatchObject({
      verdict: 'down',
      why: expect.stringMatching(/was connected and did not answer in time$/),
    });
  });

  test.each([
    ['an endless body', ''],
    ['ten GiB', 'Content-Length: 10737418240\r\n'],
  ])('%s is read up to its limit and left', async (_what, header) => {
    const closed = Promise.withResolvers<void>();
    const url = await raw((socket) => {
      socket.on('close', () => closed.resolve());
      socket.write(`${HEAD}${header}\r\n`);
      endlessly(socket, Buffer.alloc(65_536, 'x'));
    });
    // Nothing is asked of the body: that it is long is no failure.
    const plain = await ask({ url });
    expect(plain.verdict).toBe('up');
    expect(plain.figures?.['bytes']).toBeLessThan(2 * 1024 * 1024);
    await closed.promise;
    expect(await ask({ url, contains: 'needle' })).toMatchObject({
      verdict: 'down',
      why: 'the body, as far as it was read (1048576 bytes, max_body), does not contain "needle"',
    });
    expect(await ask({ url, json: { $: 1 } })).toMatchObject({
      verdict: 'down',
      why: 'the body is longer than 1048576 bytes (max_body)',
    });
  });

  test('bad gzip, half a gzip and an encoding that is none', async () => {
    const good = gzipSync('all is well');
    const gzip = { 'content-encoding': 'gzip' };
    const of = async (bytes: Buffer | string, headers: Record<string, string>): Promise<Finding> => {
      const { url } = await serve((_, response) => response.writeHead(200, headers).end(bytes));
      return ask({ url, contains: 'well' });
    };
    expect(await of(good, gzip)).toMatchObject({ verdict: 'up' });
    const invalid = { verdict: 'down', why: 'the body is not valid gzip' };
    expect(await of('this is no gzip at all', gzip)).toMatchObject(invalid);
    expect(await of(good.subarray(0, 15), gzip)).toMatchObject(invalid);
    expect(await of(good, { 'content-encoding': 'snappy' })).toMatchObject({
      verdict: 'down',
      why: 'the body is encoded as snappy, which is not known here',
    });
  });

  test('a gzip bomb goes off at the limit', async () => {
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024));
    const { url } = await serve((_, response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb),
    );
    const finding = await ask({ url, contains: 'x' });
    expect(finding).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('as far as it was read (1048576 bytes'),
    });
    expect(finding.figures?.['bytes']).toBeLessThan(2 * 1024 * 1024);
  });

  test('endless headers, what is no HTTP, and half an answer', async () => {
    const headers = await raw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      endlessly(socket, Buffer.from(`x-filler: ${'y'.repeat(1000)}\r\n`));
    });
    expect(await ask({ url: headers })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('its headers are longer than 64 KiB'),
    });
    const ssh = await raw((socket) => void socket.end('SSH-2.0-OpenSSH_9.2\r\n'));
    expect(await ask({ url: ssh })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('does not speak HTTP'),
    });
    const half = await raw((socket) => void socket.end(`${HEAD}Content-Length: 1000\r\n\r\nabc`));
    expect(await ask({ url: half })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('the answer broke off'),
    });
  });
});
