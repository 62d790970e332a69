import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../daemon/clock.ts';
import type { Clock } from '../../../daemon/ports/clock.ts';
import type { Prober } from '../../../daemon/ports/probe-kinds.ts';
import { http } from '../../../daemon/probes/kinds/http.ts';
import { newAuthority, newCertificate, type CertificateOptions } from '../../helpers/certificates.ts';
import { forgetful } from '../../helpers/prober.ts';

const authority = await newAuthority();
const root = await mkdtemp(path.join(os.tmpdir(), 'reeve-https-'));
afterAll(() => rm(root, { recursive: true, force: true }));
await writeFile(path.join(root, 'ca.pem'), authority.cert);

async function serve(certificate: CertificateOptions) {
  let handshakes = 0;
  const server = createServer(await newCertificate(certificate), (_, response) => void response.end('ok'));
  server.on('secureConnection', () => (handshakes += 1));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { server, port: (server.address() as AddressInfo).port, handshakes: () => handshakes };
}

function open(options: object, clock: Clock = systemClock): Prober {
  const prober = http.open(http.schema.parse(options), {
    clock,
    secrets: { get: () => Promise.reject(new Error('none')) },
    allowed: () => ['127.0.0.1', 'localhost'],
    root,
    probe: 'it',
    accepted: () => Promise.resolve(),
    memo: forgetful,
  });
  onTestFinished(() => prober.close());
  return prober;
}
const run = (prober: Prober) => prober.run(AbortSignal.timeout(10_000));

test.each<[string, CertificateOptions, object, string, RegExp]>([
  ['of a known authority', { authority }, { ca: 'ca.pem' }, 'up', /^$/],
  ['of an authority nobody knows', { authority }, {}, 'down', /certificate comes/],
  ['signed by itself', {}, {}, 'down', /self-signed/],
  ['signed by itself, where any will do', {}, { insecure: true }, 'up', /^$/],
  ['that has expired', { authority, from: -9, until: -1 }, { ca: 'ca.pem' }, 'down', /has expired/],
  ['that has expired, where any will do', { from: -9, until: -1 }, { insecure: true }, 'down', /has expired/],
  ['that is not valid yet', { authority, from: 1 }, { ca: 'ca.pem' }, 'down', /not valid yet/],
  ['for another name', { authority, names: ['other.test'] }, { ca: 'ca.pem' }, 'down', /another name/],
  [
    'with ten days left',
    { authority, from: -80, until: 10 },
    { ca: 'ca.pem' },
    'degraded',
    /expires in (?:9.9|10) day/,
  ],
  [
    'with ten days left, when five will do',
    { authority, until: 10 },
    { ca: 'ca.pem', tls_days: 5 },
    'up',
    /^$/,
  ],
  // Made for a week: half of it is no reason to warn.
  ['that is short-lived', { authority, from: -3, until: 4 }, { ca: 'ca.pem' }, 'up', /^$/],
])('a certificate %s', async (_what, certificate, options, verdict, why) => {
  const { port } = await serve(certificate);
  const finding = await run(open({ url: `https://localhost:${port}/`, ...options }));
  expect([finding.verdict, finding.why]).toEqual([verdict, expect.stringMatching(why)]);
  if (verdict !== 'down') expect(finding.figures?.['tls_days']).toBeGreaterThan(3);
});

test('the certificate of an address is held against the address', async () => {
  const { port } = await serve({ authority, names: ['127.0.0.1'] });
  expect(await run(open({ url: `https://127.0.0.1:${port}/`, ca: 'ca.pem' }))).toMatchObject({
    verdict: 'up',
  });
});

test('one handshake serves many runs; after a minute another one shows the certificate that is served now', async () => {
  const { server, port, handshakes } = await serve({ authority });
  let now = 0;
  const prober = open(
    { url: `https://localhost:${port}/`, ca: 'ca.pem' },
    { ...systemClock, monotonic: () => now },
  );
  for (let i = 0; i < 5; i++) expect((await run(prober)).verdict).toBe('up');
  expect(handshakes()).toBe(1);
  server.setSecureContext(await newCertificate({ authority, from: -9, until: -1 }));
  expect((await run(prober)).verdict).toBe('up');
  now = 61_000;
  expect(await run(prober)).toMatchObject({ verdict: 'down', why: expect.stringContaining('has expired') });
});

test('an authority that was replaced, with the certificates it made, is believed without a new configuration', async () => {
  const file = path.join(root, 'rotated.pem');
  await writeFile(file, authority.cert);
  const { server, port } = await serve({ authority });
  let now = 0;
  const prober = open(
    { url: `https://localhost:${port}/`, ca: 'rotated.pem' },
    { ...systemClock, monotonic: () => now },
  );
  expect((await run(prober)).verdict).toBe('up');
  const next = await newAuthority();
  await writeFile(file, next.cert);
  server.setSecureContext(await newCertificate({ authority: next }));
  now = 61_000;
  expect((await run(prober)).verdict).toBe('up');
  // Replaced within that minute, it costs one look.
  await writeFile(file, authority.cert);
  server.setSecureContext(await newCertificate({ authority }));
  server.closeAllConnections();
  await run(prober);
  expect((await run(prober)).verdict).toBe('up');
});

test('what speaks no TLS, and an authority that cannot be read', async () => {
  const { createServer: plain } = await import('node:http');
  const server = plain((_, response) => void response.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  expect(await run(open({ url: `https://localhost:${port}/` }))).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining(`localhost:${port}`),
  });
  expect(await run(open({ url: `https://localhost:${port}/`, ca: 'nowhere.pem' }))).toMatchObject({
    verdict: 'inconclusive',
    why: 'the certificates in nowhere.pem cannot be read',
  });
});
