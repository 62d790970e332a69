import { Server, ServerCredentials } from '@grpc/grpc-js';
import { writeFile } from 'node:fs/promises';
import { createServer as createHttp } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Stream } from 'node:http2';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import { expect, onTestFinished, test } from 'vitest';
import { newAuthority, newCertificate } from '../../helpers/certificates.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { ask, expectNoneLeft } from '../../helpers/probing.ts';

const host = '127.0.0.1';

/** The gRPC project's own server and health service. */
async function grpcServer(
  statuses?: ServingStatusMap,
  credentials = ServerCredentials.createInsecure(),
): Promise<number> {
  const server = new Server();
  if (statuses !== undefined) new HealthImplementation(statuses).addToServer(server);
  onTestFinished(() => server.forceShutdown());
  return new Promise((resolve, reject) =>
    server.bindAsync(`${host}:0`, credentials, (error, port) =>
      error === null ? resolve(port) : reject(error),
    ),
  );
}

test('the health of the server and of its services', async () => {
  const port = await grpcServer({ '': 'SERVING', 'shop.Orders': 'NOT_SERVING', 'shop.New': 'UNKNOWN' });
  expect(await ask('grpc', { host, port })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    near: true,
  });
  for (const [service, why] of [
    ['shop.Orders', 'shop.Orders is NOT_SERVING'],
    ['shop.New', 'shop.New is UNKNOWN'],
    ['shop.Gone', 'it knows no service of that name'],
    ['x'.repeat(200), 'it knows no service of that name'],
  ])
    expect(await ask('grpc', { host, port, service })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining(why ?? ''),
    });
});

test('a server without the health service is down, and says what is missing', async () => {
  expect(await ask('grpc', { host, port: await grpcServer() })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('it does not offer grpc.health.v1'),
  });
});

test('TLS, verified', async () => {
  const root = await tempDir();
  const authority = await newAuthority();
  const made = await newCertificate({ authority });
  await writeFile(join(root, 'ca.pem'), authority.cert);
  const pair = { private_key: Buffer.from(made.key), cert_chain: Buffer.from(made.cert) };
  const port = await grpcServer({ '': 'SERVING' }, ServerCredentials.createSsl(null, [pair]));
  const target = { host, port, tls: true };
  expect(await ask('grpc', { ...target, ca: 'ca.pem' }, { root })).toMatchObject({ verdict: 'up' });
  expect(await ask('grpc', target, { root })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('no TLS:'),
  });
  expect(await ask('grpc', { host, port })).toMatchObject({ verdict: 'down' });
});

async function portOf(server: NetServer): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

test('what is no gRPC server is down in time, and nothing is left open', async () => {
  const http1 = createHttp((_request, response) => response.end('hello'));
  const silent = createServer((socket) => socket.on('error', () => undefined).resume());
  const shut = createServer((socket) => socket.on('error', () => undefined).destroy());
  for (const server of [http1, silent, shut]) {
    expect(await ask('grpc', { host, port: await portOf(server) }, { ms: 500 })).toMatchObject({
      verdict: 'down',
    });
    await expectNoneLeft(server);
  }
});

test('HTTP/2 that is no gRPC, an answer without end and one without a status', async () => {
  const answers: ((stream: ServerHttp2Stream) => void)[] = [
    (stream) => {
      stream.respond({ ':status': 404 });
      stream.end('not here');
    },
    (stream) => {
      stream.respond({ ':status': 200 });
      stream.write(Buffer.alloc(100_000));
    },
    (stream) => {
      stream.respond({ ':status': 200, 'grpc-status': '0' });
      stream.end(Buffer.from([0, 0, 0, 0, 9, 8, 1]));
    },
  ];
  const whys = ['answers with HTTP 404', 'ended without a status', 'no HealthCheckResponse'];
  for (const [i, answer] of answers.entries()) {
    const server = createHttp2();
    server.on('stream', (stream) => answer(stream.on('error', () => undefined)));
    const port = await portOf(server);
    expect(await ask('grpc', { host, port })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining(whys[i] ?? ''),
    });
    await expectNoneLeft(server);
  }
});

test('attack 48: an address that nobody allowed is not connected to', async () => {
  expect(await ask('grpc', { host: '169.254.169.254', port: 443 })).toMatchObject({
    verdict: 'inconclusive',
    why: expect.stringContaining('ADDRESS_REFUSED'),
  });
});
