import { X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer as createPlain, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createServer, TLSSocket } from 'node:tls';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import {
  newAuthority,
  newCertificate,
  type Authority,
  type CertificateOptions,
} from '../../helpers/certificates.ts';
import { tempDir } from '../../helpers/ledger.ts';
import { ask, complaints, expectNoneLeft } from '../../helpers/probing.ts';

let authority: Authority;
beforeAll(async () => {
  authority = await newAuthority();
});

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return (server.address() as AddressInfo).port;
}

/** A TLS server with such a certificate, and options that trust the test's authority. */
async function tlsServer(options: CertificateOptions = {}) {
  const root = await tempDir();
  await writeFile(join(root, 'ca.pem'), authority.cert);
  const made = await newCertificate({ authority, ...options });
  const server = createServer({ key: made.key, cert: made.cert });
  server.on('tlsClientError', () => undefined);
  const port = await listen(server);
  const probe = (extra: Record<string, unknown> = {}) =>
    ask('tls', { host: '127.0.0.1', port, ca: 'ca.pem', ...extra }, { root });
  return { server, port, root, made, probe };
}

test('a trusted certificate for this name with days enough is up; the connection is closed', async () => {
  const { server, probe } = await tlsServer({ until: 90 });
  const finding = await probe();
  expect(finding).toMatchObject({ verdict: 'up', ms: expect.any(Number), near: true });
  expect(finding.figures?.['tls_days']).toBeGreaterThan(89);
  expect(finding.figures?.['tls_days']).toBeLessThanOrEqual(90);
  expect(await probe({ servername: 'localhost' })).toMatchObject({ verdict: 'up' });
  await expectNoneLeft(server);
});

test('few days left are degraded, fewer down', async () => {
  const { probe } = await tlsServer({ until: 10 });
  expect(await probe()).toMatchObject({
    verdict: 'degraded',
    why: expect.stringMatching(/ends in (10\.0|9\.\d) days, on \d{4}-\d\d-\d\d$/),
  });
  expect(await probe({ crit: 14 })).toMatchObject({ verdict: 'down' });
  expect(await probe({ warn: 5, crit: 2 })).toMatchObject({ verdict: 'up' });
});

test('expired, not yet valid, for another name, signed by itself or by a stranger: down, and why', async () => {
  const cases: [CertificateOptions, Record<string, unknown>, RegExp][] = [
    [{ from: -30, until: -2 }, {}, /expired 2\.0 days ago, on \d{4}/],
    [{ from: 3, until: 30 }, {}, /is not valid before .*3\.0 days from now/],
    [{ names: ['other.example'] }, {}, /is not for 127\.0\.0\.1 but for DNS:other\.example/],
    [
      {},
      { servername: 'shop.example' },
      /is not for shop\.example but for DNS:localhost, IP Address:127\.0\.0\.1/,
    ],
    [{ authority: await newAuthority() }, {}, /is not trusted: the authority that signed it is unknown/],
  ];
  for (const [certificate, extra, why] of cases) {
    const { probe } = await tlsServer(certificate);
    expect(await probe(extra)).toMatchObject({ verdict: 'down', why: expect.stringMatching(why) });
  }
  const made = await newCertificate();
  const port = await listen(createServer({ key: made.key, cert: made.cert }));
  expect(await ask('tls', { host: '127.0.0.1', port })).toMatchObject({
    verdict: 'down',
    why: `the certificate of 127.0.0.1:${port} is not trusted: it is signed by itself`,
  });
});

test('a pinned fingerprint stands for trust; another certificate is down', async () => {
  const made = await newCertificate();
  const port = await listen(createServer({ key: made.key, cert: made.cert }));
  const target = { host: '127.0.0.1', port };
  expect(await ask('tls', { ...target, fingerprint: made.fingerprint })).toMatchObject({ verdict: 'up' });
  expect(
    await ask('tls', { ...target, fingerprint: made.fingerprint.replaceAll(':', '').toLowerCase() }),
  ).toMatchObject({ verdict: 'up' });
  expect(await ask('tls', { ...target, fingerprint: 'ab'.repeat(32) })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('is another one than the pinned'),
  });
  expect(complaints('tls', { ...target, fingerprint: 'ab:cd' })).toHaveLength(1);
  expect(complaints('tls', { ...target, warn: 3, crit: 5 })).toHaveLength(1);
});

test('a certificate whose end is no time is down, also where it is the pinned one', async () => {
  const made = await newCertificate();
  const der = Buffer.from(made.cert.replaceAll(/-----[^-]+-----|\s/g, ''), 'base64');
  // The second UTCTime of a certificate is its end (RFC 5280, 4.1.2.5): YYMMDDhhmmssZ.
  const end = der.indexOf(Buffer.from([0x17, 0x0d]), der.indexOf(Buffer.from([0x17, 0x0d])) + 1) + 2;
  der.write('99', end + 2, 'latin1');
  const cert = new X509Certificate(der);
  expect(Date.parse(cert.validTo)).toBeNaN();
  const port = await listen(createServer({ key: made.key, cert: cert.toString() }));
  const finding = await ask('tls', { host: '127.0.0.1', port, fingerprint: cert.fingerprint256 });
  expect(finding).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('no time that can be read'),
  });
});

test('a server without TLS, one that hangs up and one that says nothing are down', async () => {
  const plain = createPlain((socket) =>
    socket
      .on('error', () => undefined)
      .resume()
      .end('HTTP/1.1 400 Bad\r\n\r\n'),
  );
  const shut = createPlain((socket) => socket.on('error', () => undefined).destroy());
  const silent = createPlain((socket) => socket.on('error', () => undefined).resume());
  for (const [server, why, ms] of [
    [plain, 'no TLS handshake', 5000],
    [shut, 'no', 5000],
    [silent, 'did not answer in time', 300],
  ] as const) {
    const port = await listen(server);
    expect(await ask('tls', { host: '127.0.0.1', port }, { ms })).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining(why),
    });
    await expectNoneLeft(server);
  }
});

/** An SMTP server on which STARTTLS really turns to TLS. */
async function smtpServer(talks: (line: string) => string) {
  const made = await newCertificate({ authority });
  const server = createPlain((socket: Socket) => {
    socket.on('error', () => undefined).write('220 mail.example ESMTP\r\n');
    socket.on('data', function line(bytes: Buffer) {
      const said = bytes.toString().trim();
      socket.write(talks(said));
      if (said !== 'STARTTLS' || !talks(said).startsWith('220')) return;
      socket.off('data', line);
      new TLSSocket(socket, { isServer: true, key: made.key, cert: made.cert }).on('error', () => undefined);
    });
  });
  const root = await tempDir();
  await writeFile(join(root, 'ca.pem'), authority.cert);
  const port = await listen(server);
  return {
    server,
    probe: () => ask('tls', { host: '127.0.0.1', port, ca: 'ca.pem', starttls: 'smtp' }, { root }),
  };
}

test('STARTTLS of SMTP; a server that refuses it, or slips in data before TLS, is down', async () => {
  const good = await smtpServer((line) =>
    line.startsWith('EHLO') ? '250-mail.example\r\n250 STARTTLS\r\n' : '220 go ahead\r\n',
  );
  expect(await good.probe()).toMatchObject({ verdict: 'up' });
  await expectNoneLeft(good.server);
  const refusing = await smtpServer((line) =>
    line.startsWith('EHLO') ? '250 ok\r\n' : '502 no such command\r\n',
  );
  expect(await refusing.probe()).toMatchObject({
    verdict: 'down',
    why: 'the SMTP server says "502 no such command"',
  });
  const early = await smtpServer((line) =>
    line.startsWith('EHLO') ? '250 STARTTLS\r\n' : '220 go ahead\r\n250 injected\r\n',
  );
  expect(await early.probe()).toMatchObject({ verdict: 'down', why: 'it sent data before TLS began' });
});

/** An IMAP server (RFC 3501) on which STARTTLS really turns to TLS. */
async function imapServer({
  greeting = '* OK [CAPABILITY IMAP4rev1 STARTTLS] mail.example ready\r\n',
  says = 'a OK begin TLS\r\n',
} = {}) {
  const made = await newCertificate({ authority });
  const asked: string[] = [];
  const server = createPlain((socket: Socket) => {
    socket.on('error', () => undefined).write(greeting);
    socket.once('data', (bytes: Buffer) => {
      asked.push(bytes.toString('latin1'));
      socket.write(says);
      if (!/^a OK/m.test(says)) return;
      new TLSSocket(socket, { isServer: true, key: made.key, cert: made.cert }).on('error', () => undefined);
    });
  });
  const root = await tempDir();
  await writeFile(join(root, 'ca.pem'), authority.cert);
  const port = await listen(server);
  const probe = (ms?: number) =>
    ask(
      'tls',
      { host: '127.0.0.1', port, ca: 'ca.pem', starttls: 'imap' },
      { root, ...(ms === undefined ? {} : { ms }) },
    );
  return { server, asked, probe };
}

test('STARTTLS of IMAP: the greeting first, untagged lines are passed over; a server that does not want it is down', async () => {
  const good = await imapServer({ says: '* CAPABILITY IMAP4rev1\r\n* OK still here\r\na OK begin TLS\r\n' });
  expect(await good.probe()).toMatchObject({ verdict: 'up' });
  expect(good.asked).toEqual(['a STARTTLS\r\n']);
  await expectNoneLeft(good.server);

  const refusing = await imapServer({ says: 'a BAD no such command\r\n' });
  expect(await refusing.probe()).toMatchObject({
    verdict: 'down',
    why: 'the IMAP server answers STARTTLS with "a BAD no such command"',
  });
  await expectNoneLeft(refusing.server);

  // RFC 3501, 7.1.5 and 7.1.4: it turns the caller away, or knows him already, so that TLS cannot begin.
  const busy = await imapServer({ greeting: '* BYE too many connections\r\n' });
  expect(await busy.probe()).toMatchObject({
    verdict: 'down',
    why: 'the IMAP server greets with "* BYE too many connections"',
  });
  const known = await imapServer({ greeting: '* PREAUTH welcome back\r\n' });
  expect(await known.probe()).toMatchObject({ verdict: 'down', why: expect.stringContaining('* PREAUTH') });
  const other = await imapServer({ greeting: '220 mail.example ESMTP\r\n' });
  expect(await other.probe()).toMatchObject({ verdict: 'down', why: expect.stringContaining('220 mail') });
});

test('STARTTLS of IMAP: what comes before TLS began, noise without end and silence are down', async () => {
  const early = await imapServer({ says: 'a OK begin TLS\r\n* OK injected\r\n' });
  expect(await early.probe()).toMatchObject({ verdict: 'down', why: 'it sent data before TLS began' });
  const endless = await imapServer({ says: '* OK and on\r\n'.repeat(20_000) });
  expect(await endless.probe(2000)).toMatchObject({ verdict: 'down' });
  await expectNoneLeft(endless.server);
  const silent = await imapServer({ greeting: '' });
  expect(await silent.probe(300)).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('did not answer in time'),
  });
  await expectNoneLeft(silent.server);
});

test('attack 48: an address that nobody allowed is not connected to', async () => {
  for (const host of ['127.0.0.1', '[::ffff:127.0.0.1]', '169.254.169.254'])
    expect(await ask('tls', { host }, { allowed: [] })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('ADDRESS_REFUSED'),
    });
});

test('an authority that cannot be read is our own trouble', async () => {
  const { port } = await tlsServer();
  expect(await ask('tls', { host: '127.0.0.1', port, ca: 'gone.pem' })).toMatchObject({
    verdict: 'inconclusive',
    why: 'ca: gone.pem cannot be read (ENOENT)',
  });
});
