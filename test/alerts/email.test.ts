import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { SMTPServer } from 'smtp-server';
import { expect, onTestFinished, test } from 'vitest';
import { tempDir } from '../helpers/ledger.ts';
import { HOSTILE } from './notices.ts';
import { openRig, type Rig } from './rig.ts';

interface Mail {
  from: string;
  to: string[];
  user: string | undefined;
  secure: boolean;
  text: string;
}

const PASSWORD = 'correct-horse-battery';

/** A real SMTP server on loopback with STARTTLS, a short-lived certificate and one account. */
async function smtp(options: { tls?: boolean } = {}) {
  const root = await tempDir();
  const [key, cert] = [path.join(root, 'key.pem'), path.join(root, 'cert.pem')];
  await promisify(execFile)('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-keyout', key, '-out', cert],
  ]);
  const mails: Mail[] = [];
  const it = { refuse: undefined as number | undefined };
  const server = new SMTPServer({
    key: await readFile(key),
    cert: await readFile(cert),
    authOptional: options.tls === false,
    ...(options.tls === false ? { disabledCommands: ['STARTTLS'] } : {}),
    onAuth(auth, _session, done) {
      if (auth.username === 'reeve' && auth.password === PASSWORD) return done(null, { user: 'reeve' });
      return done(new Error('Invalid username or password'));
    },
    onRcptTo(address, _session, done) {
      if (address.address.startsWith('nobody@')) return done(new Error('no such mailbox'));
      return done();
    },
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      stream.on('end', () => {
        if (it.refuse !== undefined)
          return done(Object.assign(new Error('mailbox busy'), { responseCode: it.refuse }));
        const { mailFrom, rcptTo } = session.envelope;
        mails.push({
          from: mailFrom === false ? '' : (mailFrom?.address ?? ''),
          to: rcptTo.map(({ address }) => address),
          user: typeof session.user === 'string' ? session.user : undefined,
          secure: session.secure,
          text,
        });
        return done();
      });
    },
  });
  server.on('error', () => undefined);
  const port = await new Promise<number>((resolve) => {
    const listener = server.listen(0, '127.0.0.1', () => {
      const address = listener.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  return { mails, it, port, root };
}

const channel = (port: number, more: object = {}) => ({
  kind: 'email',
  host: 'localhost',
  port,
  ca: 'cert.pem',
  from: 'reeve@shop.example',
  to: ['ops@shop.example', 'ana@shop.example'],
  user: 'reeve',
  password_secret: 'smtp',
  ...more,
});

const open = (root: string, mail: object, password = PASSWORD): Rig =>
  openRig({
    alerts: { channels: { mail }, routes: [{ channels: ['mail'], group_wait: '1s' }] },
    secrets: { smtp: password },
    root,
  });

async function delivered(rig: Rig, n: number): Promise<void> {
  while (rig.records('alert.delivered').length < n) await rig.pass(500);
}

test('a mail goes out over TLS with a password, as text and HTML, and its end hangs below it', async () => {
  const { mails, port, root } = await smtp();
  const rig = open(root, channel(port));
  await rig.raise('probe:web', {
    title: `Down: ${HOSTILE}`,
    text: `first line\n${HOSTILE}`,
    project: 'shop',
    env: 'prod',
  });
  await delivered(rig, 1);
  await rig.alerts.resolve('probe:web', 'up again');
  await delivered(rig, 2);
  expect(mails).toHaveLength(2);
  const [first, second] = mails;
  expect(first).toMatchObject({
    from: 'reeve@shop.example',
    to: ['ops@shop.example', 'ana@shop.example'],
    user: 'reeve',
    secure: true,
  });
  const id = rig.records('alert.queued')[0]?.body.id;
  expect(first?.text).toContain(`Message-ID: <${id}@shop.example>`);
  expect(first?.text).toContain('Auto-Submitted: auto-generated');
  expect(first?.text).toContain('Content-Type: text/html');
  const thread = (mail: Mail | undefined) =>
    /^References: (<alert\.[0-9a-f]{24}@shop\.example>)/m.exec(mail?.text ?? '')?.[1];
  expect(thread(first)).toBeDefined();
  expect(thread(second)).toBe(thread(first));
  // No markup of the alert is markup of the mail.
  const html = first?.text.slice(first.text.indexOf('Content-Type: text/html')) ?? '';
  expect(html).toContain('&#60;script&#62;');
  expect(html).not.toContain('<script>');
});

test('a title cannot bring headers of its own (attack 51)', async () => {
  const { mails, port, root } = await smtp();
  const rig = open(root, channel(port));
  await rig.alerts.send({
    channel: 'mail',
    tone: 'info',
    title: 'Hello\r\nBcc: all@evil.example\r\n\r\nbody',
    text: 'x\u202ey',
  });
  await delivered(rig, 1);
  expect(mails[0]?.to).toEqual(['ops@shop.example', 'ana@shop.example']);
  expect(mails[0]?.text).not.toMatch(/^Bcc:/m);
  expect(mails[0]?.text).toContain('\\r\\nBcc: all@evil.example');
  expect(mails[0]?.text).not.toContain('\u202e');
});

test('a certificate nobody vouches for, a server without STARTTLS and a wrong password are refused, and nothing is sent', async () => {
  const secure = await smtp();
  await expect(
    open(secure.root, channel(secure.port, { ca: undefined })).alerts.test('mail'),
  ).rejects.toThrow(/self.signed certificate/);
  await expect(open(secure.root, channel(secure.port), 'wrong-password').alerts.test('mail')).rejects.toThrow(
    'Invalid username or password',
  );
  const plain = await smtp({ tls: false });
  await expect(open(plain.root, channel(plain.port)).alerts.test('mail')).rejects.toThrow(/STARTTLS/);
  expect([...secure.mails, ...plain.mails]).toEqual([]);
});

test('a relay on this machine needs neither', async () => {
  const { mails, port, root } = await smtp({ tls: false });
  const relay = { ...channel(port), tls: 'none', user: undefined, password_secret: undefined, ca: undefined };
  await open(root, relay).alerts.test('mail');
  expect(mails).toMatchObject([{ secure: false, user: undefined }]);
});

test('4xx is tried again with the same Message-ID; a recipient who is refused does not keep it from the others', async () => {
  const { mails, it, port, root } = await smtp();
  it.refuse = 451;
  const rig = open(root, channel(port, { to: ['ops@shop.example', 'nobody@shop.example'] }));
  await rig.raise('probe:web');
  while ((rig.alerts.channels()[0]?.last?.why ?? '') === '') await rig.pass(500);
  expect(rig.alerts.channels()[0]?.last?.why).toContain('mailbox busy');
  it.refuse = undefined;
  await delivered(rig, 1);
  expect(mails).toHaveLength(1);
  expect(rig.logged.join('\n')).toContain('refused some of the recipients');
  expect(mails[0]?.text).toContain(`<${rig.records('alert.delivered')[0]?.body.message}@`);
});
