import { createServer, type AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import { kinds } from '../../../daemon/probes/kinds/index.ts';
import type { Finding } from '../../../daemon/ports/probes.ts';
import { forgetful } from '../../helpers/prober.ts';

const tcp = kinds.find((kind) => kind.kind === 'tcp');

async function ask(host: string, port: number, allowed: string[], ms = 2000): Promise<Finding> {
  if (tcp === undefined) throw new Error('there is no tcp probe');
  const prober = tcp.open(tcp.schema.parse({ host, port }), {
    clock: systemClock,
    secrets: { get: () => Promise.reject(new Error('none')) },
    allowed: () => allowed,
    root: '/',
    probe: 'it',
    accepted: () => Promise.resolve(),
    memo: forgetful,
  });
  const finding = await prober.run(AbortSignal.timeout(ms));
  await prober.close();
  return finding;
}

async function listen(): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => undefined));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

test('a listening port is up, with its latency; a closed one is down', async () => {
  const port = await listen();
  expect(await ask('127.0.0.1', port, ['127.0.0.1'])).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
  });
  expect(await ask('127.0.0.1', 1, ['127.0.0.1'])).toMatchObject({
    verdict: 'down',
    why: 'no connection to 127.0.0.1:1 (ECONNREFUSED)',
  });
});

test('attack 48: an address that nobody allowed is not connected to, and blames no service', async () => {
  const port = await listen();
  for (const host of ['127.0.0.1', 'localhost', '::ffff:127.0.0.1', '169.254.169.254'])
    expect(await ask(host, port, [])).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
});
