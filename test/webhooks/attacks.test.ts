import { createHmac } from 'node:crypto';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { startApp } from '../../daemon/app.ts';
import { readSettings } from '../../daemon/config.ts';
import { ESTATE } from '../helpers/app.ts';
import { hexOf, INTEGRATIONS, openHooks, SECRETS, type Hooks } from './rig.ts';

const taken = (hooks: Hooks) => hooks.records('webhook.received');

test('attack 31: a body that was here is refused under another delivery id, and an id with another body', async () => {
  const hooks = await openHooks();
  expect(await hooks.github({ n: 1 }, { id: 'one' })).toMatchObject({ status: 200 });
  // GitHub's id is not signed: whoever recorded the body may send it under any.
  expect(await hooks.github({ n: 1 }, { id: 'two' })).toMatchObject({
    status: 409,
    code: 'WEBHOOK_REPLAYED',
  });
  expect(await hooks.github({ n: 2 }, { id: 'one' })).toMatchObject({
    status: 409,
    code: 'WEBHOOK_REPLAYED',
  });
  const now = Date.now();
  expect(await hooks.linear({ webhookTimestamp: now }, { id: 'l1' })).toMatchObject({ status: 200 });
  expect(await hooks.linear({ webhookTimestamp: now }, { id: 'l2' })).toMatchObject({ status: 409 });
  const both = await Promise.all(['a', 'b', 'c', 'd'].map((id) => hooks.github({ n: 3 }, { id })));
  expect(both.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(await taken(hooks)).toHaveLength(3);
  expect(await hooks.codes()).toEqual(Array.from({ length: 6 }, () => 'WEBHOOK_REPLAYED'));
});

test('attack 32: a timestamp that is no number, empty, 1e9, old or in the future is refused', async () => {
  const hooks = await openHooks();
  const seconds = Math.floor(Date.now() / 1000);
  for (const text of ['NaN', '', '1e9', '0x10', '-1', `${seconds}.5`, ` ${seconds}`])
    expect([text, (await hooks.billing({ n: text }, { seconds: text })).code]).toEqual([
      text,
      'WEBHOOK_UNSIGNED',
    ]);
  for (const text of [seconds - 600, seconds + 600, 1_000_000_000])
    expect([text, (await hooks.billing({ n: text }, { seconds: String(text) })).code]).toEqual([
      text,
      'WEBHOOK_STALE',
    ]);
  for (const stamp of [Number.NaN, null, '', '1e9', [1], -5, 1.5, undefined])
    expect([stamp, (await hooks.linear({ webhookTimestamp: stamp })).code]).toEqual([
      stamp,
      'WEBHOOK_MALFORMED',
    ]);
  for (const stamp of [Date.now() - 120_000, Date.now() + 120_000, 1e9])
    expect([stamp, (await hooks.linear({ webhookTimestamp: stamp })).code]).toEqual([stamp, 'WEBHOOK_STALE']);
  expect(await taken(hooks)).toEqual([]);
});

test('attack 33: a header that is there twice counts as none', async () => {
  const hooks = await openHooks();
  const body = JSON.stringify({ n: 1 });
  const right = `sha256=${hexOf(SECRETS.github_webhook, body)}`;
  for (const value of [
    [right, right],
    [right, 'sha256=00'],
  ])
    expect((await hooks.github(body, { headers: { 'x-hub-signature-256': value } })).code).toBe(
      'WEBHOOK_UNSIGNED',
    );
  expect((await hooks.github(body, { headers: { 'x-github-delivery': ['a', 'b'] } })).code).toBe(
    'WEBHOOK_MALFORMED',
  );
  const seconds = String(Math.floor(Date.now() / 1000));
  expect((await hooks.billing({}, { seconds, headers: { 'webhook-timestamp': [seconds, '1'] } })).code).toBe(
    'WEBHOOK_UNSIGNED',
  );
  expect(await taken(hooks)).toEqual([]);
});

test('attack 34: a missing signature is refused, and so is an estate whose secret is missing, empty or short, at the start, too', async () => {
  const hooks = await openHooks();
  for (const value of ['', 'sha256=', 'sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709'])
    expect((await hooks.github({}, { headers: { 'x-hub-signature-256': value } })).code).toBe(
      'WEBHOOK_UNSIGNED',
    );
  // What anybody can make.
  for (const key of ['', ' ', '\0'])
    expect((await hooks.github({ key }, { secret: key })).code).toBe('WEBHOOK_UNSIGNED');
  await hooks.as('root', { command: 'secret set', args: { name: 'short', value: 'too short' } });
  for (const name of ['gone', 'short']) {
    await hooks.write('reeve.yaml', `${ESTATE}integrations: { github: { webhook: { secret: ${name} } } }\n`);
    expect(await hooks.as('root', { command: 'config reload' })).toMatchObject({ ok: false });
  }
  await hooks.app.stop('test');
  const started = startApp(
    readSettings({ home: hooks.home, config: `${hooks.root}/reeve.yaml`, port: 0 }, {}, hooks.root),
  );
  await expect(started).rejects.toThrow(/short/);
  await hooks.write('reeve.yaml', ESTATE + INTEGRATIONS);
  await hooks.restart();
});

test('attack 35: a body that was written anew, with the same meaning, does not fit its signature', async () => {
  const hooks = await openHooks();
  const body = '{"a":1,"b":{"c":"é"}}';
  const signature = { 'x-hub-signature-256': `sha256=${hexOf(SECRETS.github_webhook, body)}` };
  for (const other of [
    '{"a": 1,"b":{"c":"é"}}',
    '{"b":{"c":"é"},"a":1}',
    '{"a":1,"b":{"c":"\\u00e9"}}',
    `${body}\n`,
  ])
    expect((await hooks.github(other, { headers: signature })).code).toBe('WEBHOOK_UNSIGNED');
  expect((await hooks.github(body, { headers: signature })).status).toBe(200);
});

test('attack 36: a body beyond the limit is refused before it is read, and so is one of unknown length', async () => {
  const hooks = await openHooks();
  const big = 25 * 1024 * 1024 + 1;
  expect((await hooks.github('{}', { headers: { 'content-length': String(big) } })).code).toBe(
    'BODY_TOO_LARGE',
  );
  const said = await raw(
    hooks,
    'POST /webhooks/github HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
  );
  expect(said).toContain('WEBHOOK_LENGTH');
  expect((await hooks.linear({ text: 'x'.repeat(5 * 1024 * 1024), webhookTimestamp: Date.now() })).code).toBe(
    'BODY_TOO_LARGE',
  );
  expect(await taken(hooks)).toEqual([]);
});

test('attack 37: a compressed body is refused', async () => {
  const hooks = await openHooks();
  expect((await hooks.github({}, { headers: { 'content-encoding': 'gzip' } })).code).toBe('BODY_ENCODING');
});

test('attack 40: a signature of the wrong length or alphabet is refused, in whatever form', async () => {
  const hooks = await openHooks();
  const body = '{}';
  const hex = hexOf(SECRETS.github_webhook, body);
  for (const value of [
    'zz',
    '',
    hex.slice(2),
    `${hex}00`,
    hex.replace(/./, 'g'),
    'Z'.repeat(64),
    ` ${hex}`,
    `${hex},${hex}`,
  ])
    expect([
      value,
      (await hooks.github(body, { headers: { 'x-hub-signature-256': `sha256=${value}` } })).code,
    ]).toEqual([value, 'WEBHOOK_UNSIGNED']);
  const flipped = hex.replace(/^./, (digit) => (digit === '0' ? '1' : '0'));
  expect((await hooks.github(body, { headers: { 'x-hub-signature-256': `sha256=${flipped}` } })).code).toBe(
    'WEBHOOK_UNSIGNED',
  );
  const seconds = String(Math.floor(Date.now() / 1000));
  const mac = createHmac('sha256', Buffer.alloc(32, 5)).update(`x.${seconds}.{}`).digest();
  for (const signature of [
    mac.toString('hex'),
    `v1a,${mac.toString('base64')}`,
    'v1,',
    `v2,${mac.toString('base64')}`,
  ])
    expect(
      (await hooks.billing('{}', { id: 'x', seconds, headers: { 'webhook-signature': signature } })).code,
    ).toBe('WEBHOOK_UNSIGNED');
  expect(
    (
      await hooks.billing('{}', {
        id: 'x',
        seconds,
        headers: { 'webhook-signature': `v1,${'A'.repeat(43)}= v1,${mac.toString('base64')}` },
      })
    ).status,
  ).toBe(200);
});

test('attack 34: a flood of forgeries leaves a bounded number of records, and the true sender gets through', async () => {
  const hooks = await openHooks();
  for (let round = 0; round < 10; round++)
    await Promise.all(
      Array.from({ length: 30 }, (_none, n) =>
        hooks.github({ round, n }, { headers: { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` } }),
      ),
    );
  expect((await hooks.github({ true: 1 })).status).toBe(200);
  expect((await hooks.codes()).length).toBeLessThanOrEqual(61);
});

test('attack 43: large bodies that arrive slowly give way to large ones that do not, are told so, and do not count as received', async () => {
  const hooks = await openHooks();
  const size = 25 * 1024 * 1024;
  const whole = Buffer.alloc(size, ' ');
  whole.write('{"ref":"refs/heads/main"}');
  const signed = (id: string): string =>
    `POST /webhooks/github HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\nx-github-event: push\r\nx-github-delivery: ${id}\r\nx-hub-signature-256: sha256=${hexOf(SECRETS.github_webhook, whole)}\r\ncontent-length: ${size}\r\n\r\n`;
  // They say something every 100 ms, and would need days.
  const slow = Array.from({ length: 30 }, (_, n) => {
    const socket = connect(Number(new URL(hooks.app.url).port), '127.0.0.1');
    socket.on('error', () => undefined);
    let said = '';
    socket.setEncoding('utf8').on('data', (text: string) => (said += text));
    socket.write(`${signed(`slow-${n}`)}{`);
    const drip = setInterval(() => socket.write(' '), 100);
    const ended = new Promise<string>((resolve) =>
      socket.once('close', () => {
        clearInterval(drip);
        resolve(said);
      }),
    );
    return { socket, ended, said: () => said };
  });
  try {
    expect(await hooks.github({ small: 1 })).toMatchObject({ status: 200 });
    // Some wait, and more than may wait are told at once.
    await expect.poll(() => Promise.race(slow.map(({ ended }) => ended))).toContain('WEBHOOK_BUSY');
    await expect
      .poll(async () => (await hooks.github(whole, { id: 'true' })).status, { timeout: 20_000 })
      .toBe(200);
    // Who is in nobody's way is left alone.
    const answered = slow.map(({ said }) => said()).filter((text) => text !== '');
    expect(answered.length).toBeGreaterThan(1);
    for (const text of answered) expect(text).toMatch(/^HTTP\/1\.1 503 [^]*^retry-after: \d+/im);
  } finally {
    for (const { socket } of slow) socket.destroy();
  }
  expect(await taken(hooks)).toHaveLength(2);
  // None of them is remembered: the same bytes under another's id would be a replay, and this is none.
  expect((await hooks.github({ again: 1 }, { id: 'slow-0' })).status).toBe(200);
});

test('a push of 25 MB is taken whole', async () => {
  const hooks = await openHooks();
  const body = Buffer.alloc(25 * 1024 * 1024, ' ');
  body.write('{"ref":"refs/heads/main"}');
  expect(await hooks.github(body)).toMatchObject({ status: 200 });
  const [received] = await taken(hooks);
  expect(received?.body.payload.size).toBe(body.length);
});

function raw(hooks: Hooks, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(hooks.app.url).port), '127.0.0.1', () => socket.write(text));
    let said = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (said += chunk));
    socket.on('end', () => resolve(said)).on('error', reject);
  });
}
