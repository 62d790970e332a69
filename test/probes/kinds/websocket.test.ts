import { writeFile } from 'node:fs/promises';
import { createServer as createHttp, type Server } from 'node:http';
import { createServer as createHttps } from 'node:https';
import { createServer as createPlain, type AddressInfo, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { WebSocketServer, type WebSocket } from 'ws';
import { newAuthority, newCertificate } from '../../helpers/certificates.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { ask, complaints, expectNoneLeft } from '../../helpers/probing.ts';

async function portOf(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

/** A real WebSocket server behind a real HTTP one. */
async function wsServer(
  talk: (socket: WebSocket, headers: Record<string, unknown>) => void,
  http: Server = createHttp(),
) {
  const server = new WebSocketServer({
    server: http,
    handleProtocols: (offered) => [...offered][0] ?? false,
  });
  server.on('connection', (socket, request) => {
    socket.on('error', () => undefined);
    talk(socket, request.headers);
  });
  return { http, port: await portOf(http) };
}

test('an upgrade is up; a message is sent, and one with the expected text awaited', async () => {
  const { http, port } = await wsServer((socket, headers) => {
    socket.send(`welcome ${String(headers['x-team'])} ${socket.protocol}`);
    socket.on('message', (data: Buffer) => socket.send(`you said ${data.toString()}`));
  });
  const url = `ws://127.0.0.1:${port}/feed?x=1`;
  expect(await ask('websocket', { url })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    near: true,
  });
  const talk = { url, send: 'ping', headers: { 'x-team': 'shop' }, protocols: ['v1.shop'] };
  for (const text of ['you said ping', 'welcome shop v1.shop'])
    expect(await ask('websocket', { ...talk, expect: text })).toMatchObject({ verdict: 'up' });
  expect(await ask('websocket', { ...talk, expect: 'pong', within: 2 })).toMatchObject({
    verdict: 'down',
    why: 'none of 2 messages holds "pong"; the last: you said ping',
  });
  await expectNoneLeft(http);
});

test('a server that never says the word is down when the time is over, without a connection left', async () => {
  const { http, port } = await wsServer(() => undefined);
  expect(await ask('websocket', { url: `ws://127.0.0.1:${port}`, expect: 'x' }, { ms: 400 })).toMatchObject({
    verdict: 'down',
    why: `the WebSocket at 127.0.0.1:${port} did not answer in time`,
  });
  await expectNoneLeft(http);
  const closing = await wsServer((socket) => socket.close(1013, 'too busy'));
  expect(await ask('websocket', { url: `ws://127.0.0.1:${closing.port}`, expect: 'x' })).toMatchObject({
    verdict: 'down',
    why: 'it closed the WebSocket (1013, too busy)',
  });
  const flood = await wsServer((socket) => socket.send(Buffer.alloc(2 * 1024 * 1024)));
  expect(await ask('websocket', { url: `ws://127.0.0.1:${flood.port}`, expect: 'x' })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('Max payload size exceeded'),
  });
});

test('what is no WebSocket: plain HTTP, a wrong handshake, noise, silence', async () => {
  const http = createHttp((_request, response) => response.end('hello'));
  const wrong = createPlain((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end(
        'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: no\r\n\r\n',
      ),
  );
  const noise = createPlain((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end('\u0000\u0001\u0002'),
  );
  const silent = createPlain((socket) => socket.on('error', () => undefined).resume());
  for (const [server, why] of [
    [http, 'it answers the upgrade with status 200'],
    [wrong, 'Invalid Sec-WebSocket-Accept header'],
    [noise, 'no WebSocket'],
    [silent, 'did not answer in time'],
  ] as const) {
    const url = `ws://127.0.0.1:${await portOf(server)}`;
    expect(await ask('websocket', { url }, { ms: server === silent ? 300 : 10_000 })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining(why),
    });
    await expectNoneLeft(server);
  }
});

test('attack 48: a redirect is not followed, and refused addresses are not connected to', async () => {
  const inner = vi.fn<() => void>();
  const target = await wsServer(inner);
  const outer = createHttp();
  outer.on('upgrade', (_request, socket) => {
    socket.on('error', () => undefined);
    socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:${target.port}/\r\nContent-Length: 0\r\n\r\n`);
  });
  const port = await portOf(outer);
  expect(await ask('websocket', { url: `ws://127.0.0.1:${port}` })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('status 302 and points to'),
  });
  expect(inner).not.toHaveBeenCalled();
  for (const host of [
    '127.0.0.1',
    '2130706433',
    '0x7f.1',
    '[::ffff:127.0.0.1]',
    '169.254.169.254',
    'localhost',
  ])
    expect(await ask('websocket', { url: `ws://${host}:${target.port}` }, { allowed: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
  expect(inner).not.toHaveBeenCalled();
});

test('wss, verified', async () => {
  const root = await tempDir();
  const authority = await newAuthority();
  const made = await newCertificate({ authority });
  await writeFile(join(root, 'ca.pem'), authority.cert);
  const { http, port } = await wsServer((socket) => socket.send('hello'), createHttps(made));
  const url = `wss://127.0.0.1:${port}`;
  expect(await ask('websocket', { url, ca: 'ca.pem', expect: 'hello' }, { root })).toMatchObject({
    verdict: 'up',
  });
  expect(await ask('websocket', { url }, { root })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('no TLS:'),
  });
  await expectNoneLeft(http);
});

test('mistakes in its part of reeve.yaml', () => {
  for (const url of ['http://a.example', 'ws://u:p@a.example', 'ws://a.example/#x', 'nothing'])
    expect(complaints('websocket', { url })).toHaveLength(1);
  expect(complaints('websocket', { url: 'ws://a.example', send: 'x' })).toHaveLength(1);
  expect(complaints('websocket', { url: 'ws://a.example', headers: { Upgrade: 'h2c' } })).toHaveLength(1);
});
