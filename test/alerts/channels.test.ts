import { createHmac } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { retryAfter } from '../../daemon/alerts/post.ts';
import { discordBody } from '../../daemon/alerts/channels/discord.ts';
import { slackBody } from '../../daemon/alerts/channels/slack.ts';
import { signatureOf } from '../../daemon/alerts/channels/webhook.ts';
import { until } from '../helpers/daemon.ts';
import { tempDir } from '../helpers/ledger.ts';
import { HOSTILE, longest, notice } from './notices.ts';
import { receiver, status } from './receiver.ts';
import { KEY, openRig } from './rig.ts';

test('webhook: the signature is the one of Standard Webhooks', () => {
  // The example of the specification's reference libraries.
  expect(
    signatureOf(
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1614265330,
      '{"test": 2432232314}',
    ),
  ).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  for (const wrong of ['', 'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'whsec_c2hvcnQ=', 'whsec_not base64!'])
    expect(() => signatureOf(wrong, 'msg_1', 1, '')).toThrow('the signing secret is not whsec_');
});

test('webhook: what arrives can be verified with either secret while they are rotated', async () => {
  const server = await receiver();
  const before = `whsec_${Buffer.from('the key before, of thirty-two b.').toString('base64')}`;
  const hook = { kind: 'webhook', url_secret: 'url', secret: 'key', previous_secret: 'before' };
  const rig = openRig({
    alerts: { channels: { hook }, routes: [] },
    allow: [server.host],
    secrets: { key: KEY, before, url: `${server.url}/hidden-path\n` },
  });
  await rig.alerts.send({ channel: 'hook', tone: 'warn', title: 'Look', text: 'at this' });
  await until(() => rig.records('alert.delivered').length === 1);
  const [got] = server.got;
  expect(got?.path).toBe('/hidden-path');
  const { 'webhook-id': id, 'webhook-timestamp': at, 'webhook-signature': signatures } = got?.headers ?? {};
  expect(id).toMatch(/^msg_[0-9a-f]{24}$/);
  expect(Number(at)).toBe(Math.floor(rig.clock.now() / 1000));
  const expected = [KEY, before].map((key) => {
    const mac = createHmac('sha256', Buffer.from(key.slice(6), 'base64'));
    return `v1,${mac.update(`${String(id)}.${String(at)}.${got?.text ?? ''}`).digest('base64')}`;
  });
  expect(signatures).toBe(expected.join(' '));
  expect(got?.json).toMatchObject({ type: 'alert.notice', data: { id, title: 'Look', text: 'at this' } });
});

test('webhook, attack 48: nothing is sent to a private address that network.allow does not name, nor to where a redirect leads', async () => {
  const server = await receiver();
  const other = await receiver();
  server.answer = status(307, { location: other.url });
  const channels = { hook: { kind: 'webhook', url: server.url, secret: 'key' } };
  const closed = openRig({ alerts: { channels }, secrets: { key: KEY } });
  await expect(closed.alerts.test('hook')).rejects.toThrow('127.0.0.1');
  const open = openRig({ alerts: { channels }, allow: [server.host, other.host], secrets: { key: KEY } });
  await expect(open.alerts.test('hook')).rejects.toThrow('it answered 307');
  const metadata = { hook: { kind: 'webhook', url: 'http://169.254.169.254/latest', secret: 'key' } };
  const cloud = openRig({
    alerts: { channels: metadata },
    allow: ['169.254.169.254.evil'],
    secrets: { key: KEY },
  });
  await expect(cloud.alerts.test('hook')).rejects.toThrow('metadata');
  expect([server.got.length, other.got.length]).toEqual([1, 0]);
});

test('discord and slack, attack 52: what hostile text says is shown and does nothing', () => {
  const evil = notice({ title: `PAGE: ${HOSTILE}`, text: HOSTILE });
  const discord = JSON.parse(JSON.stringify(discordBody(evil))) as {
    content: string;
    allowed_mentions: unknown;
  };
  expect(discord.allowed_mentions).toEqual({ parse: [] });
  expect(JSON.stringify(discord)).not.toMatch(/@everyone|<!channel>|(?<!\\\\)<@U123>|(?<!\\\\)\[pay/);
  expect(discord.content).toContain('\\[pay\\](http://evil.example) \\*bold\\* \\`code\\`');
  const slack = JSON.stringify(slackBody(evil));
  expect(slack).not.toMatch(/<!channel>|<@U123>|<script>/);
  expect(slack).toContain('&lt;!channel&gt;');
  expect(slack).toContain('&amp; ');
});

test('discord and slack: the longest message stays within the limits of the platform', () => {
  const discord = discordBody(longest()) as {
    content: string;
    embeds: { description: string; footer: { text: string } }[];
  };
  expect(discord.content.length).toBeLessThanOrEqual(2000);
  expect(discord.embeds[0]?.description.length).toBeLessThanOrEqual(4096);
  const embed = discord.embeds[0];
  expect((embed?.description.length ?? 0) + (embed?.footer.text.length ?? 0)).toBeLessThanOrEqual(6000);
  expect(embed?.description).toMatch(/… and 1,99\d more/);
  const slack = slackBody(longest()) as { text: string; blocks: { text?: { text: string } }[] };
  expect(slack.blocks.length).toBeLessThanOrEqual(50);
  const texts = slack.blocks.map((block) => block.text?.text ?? '');
  expect(Math.max(...texts.map((text) => text.length))).toBeLessThanOrEqual(3000);
  expect(texts.join('').length + slack.text.length).toBeLessThan(12_000);
  // No escape is cut in two.
  expect(texts.join('\n')).not.toMatch(/&(?!(?:amp|lt|gt);)/);
});

test('discord and slack: posted to the address in the secret; 429 is heeded; the address is in no record', async () => {
  const server = await receiver();
  const rig = openRig({
    alerts: {
      channels: {
        chat: { kind: 'discord', url_secret: 'discord' },
        team: { kind: 'slack', url_secret: 'slack' },
      },
      routes: [{ channels: ['chat', 'team'], group_wait: '1s' }],
    },
    allow: [server.host],
    secrets: {
      discord: `${server.url}/api/webhooks/1/very-secret`,
      slack: `${server.url}/services/T/B/also-secret`,
    },
  });
  let limited = true;
  server.answer = (got, response) => {
    if (got.path.startsWith('/api') && limited) {
      limited = false;
      status(429, { 'retry-after': '7.5' }, '{"retry_after": 7.5, "message": "very-secret"}')(got, response);
    } else status(200, {}, 'ok')(got, response);
  };
  await rig.raise('probe:web');
  while (rig.records('alert.delivered').length < 2) await rig.pass(500);
  const chat = server.got.filter((got) => got.path === '/api/webhooks/1/very-secret');
  expect(chat).toHaveLength(2);
  expect(chat[0]?.text).toBe(chat[1]?.text);
  expect(server.got.filter((got) => got.path === '/services/T/B/also-secret')).toHaveLength(1);
  expect(rig.ledger.lines.join('\n')).not.toMatch(/very-secret|also-secret/);
  expect(rig.logged.join('\n')).not.toMatch(/very-secret|also-secret/);
});

test('Retry-After: seconds, fractions and dates', () => {
  const now = Date.UTC(2026, 0, 2, 3, 4, 5);
  expect(retryAfter('120', now)).toBe(120_000);
  expect(retryAfter('0.65', now)).toBe(650);
  expect(retryAfter('Fri, 02 Jan 2026 03:05:05 GMT', now)).toBe(60_000);
  expect(retryAfter('Fri, 02 Jan 2026 03:00:00 GMT', now)).toBe(0);
  for (const odd of [undefined, '', 'soon', '-5', '1e9']) expect(retryAfter(odd, now)).toBe(0);
});

async function program(text: string): Promise<{ root: string; file: string }> {
  const root = await tempDir();
  const file = path.join(root, 'page.mjs');
  await writeFile(file, `#!/usr/bin/env node\n${text}`);
  await chmod(file, 0o755);
  return { root, file };
}

test('command: the message comes as JSON, the environment is clean, secrets are given by name', async () => {
  const { root, file } = await program(
    `import { writeFileSync, readFileSync } from 'node:fs';
     const input = JSON.parse(readFileSync(0, 'utf8'));
     writeFileSync('out.json', JSON.stringify({ input, env: process.env, argv: process.argv.slice(2) }));`,
  );
  const pager = { kind: 'command', argv: [file, '--to', '$(id); `id`'], secrets: { TOKEN: 'pager' } };
  const rig = openRig({
    alerts: { channels: { pager }, routes: [{ channels: ['pager'], group_wait: '1s' }] },
    secrets: { pager: 'pager-token' },
    root,
  });
  await rig.raise('probe:web', { text: HOSTILE });
  while (rig.records('alert.delivered').length < 1) await rig.pass(500);
  const out = JSON.parse(await readFile(path.join(root, 'out.json'), 'utf8')) as Record<string, never>;
  expect(out['argv']).toEqual(['--to', '$(id); `id`']);
  expect(Object.keys(out['env'] ?? {}).toSorted()).toEqual([
    'HOME',
    'LANG',
    'PATH',
    'REEVE_ATTEMPT_ID',
    'REEVE_EVENT',
    'REEVE_MESSAGE_ID',
    'REEVE_TONE',
    'TOKEN',
    'TZ',
  ]);
  expect(out['input']).toMatchObject({
    type: 'alert.raised',
    data: { alerts: [{ key: 'probe:web', text: HOSTILE }] },
  });
  expect(out['env']).toMatchObject({
    TOKEN: 'pager-token',
    REEVE_MESSAGE_ID: rig.records('alert.queued')[0]?.body.id,
  });
});

test('command: a failure is told with its last words, one that cannot be run or was not accepted as such', async () => {
  const { root, file } = await program(`console.error('no such pager, token pager-token'); process.exit(3);`);
  const channels = {
    fails: { kind: 'command', argv: [file], secrets: { TOKEN: 'pager' } },
    missing: { kind: 'command', argv: ['./not-there'] },
  };
  const open = (accepted: () => Promise<void>) =>
    openRig({ alerts: { channels }, root, accepted, secrets: { pager: 'pager-token' } });
  const rig = open(() => Promise.resolve());
  await expect(rig.alerts.test('fails')).rejects.toThrow(
    `${file} exited with 3: no such pager, token [redacted]`,
  );
  await expect(rig.alerts.test('missing')).rejects.toThrow(
    './not-there cannot be run: spawn ./not-there ENOENT',
  );
  const strange = open(() => Promise.reject(new Error('nobody has accepted it yet')));
  await expect(strange.alerts.test('fails')).rejects.toThrow('nobody has accepted it yet');
});

test('command: one that hangs is ended with everything it started', async () => {
  const { root, file } = await program(
    `import { spawn } from 'node:child_process';
     import { writeFileSync } from 'node:fs';
     const child = spawn('sleep', ['600'], { stdio: 'ignore' });
     writeFileSync('pids', [process.pid, child.pid].join(' '));
     setInterval(() => {}, 1000);`,
  );
  const rig = openRig({
    alerts: { channels: { pager: { kind: 'command', argv: [file], timeout: '5s' } } },
    root,
  });
  const tried = rig.alerts.test('pager').catch((error: unknown) => String(error));
  const pids = (): Promise<string> => readFile(path.join(root, 'pids'), 'utf8').catch(() => '');
  await until(async () => (await pids()).includes(' '));
  await rig.clock.advance(5000);
  expect(await tried).toContain('no answer within 5 s');
  const [mine, childs] = (await pids()).split(' ').map(Number);
  const gone = (pid = 0) =>
    readFile(`/proc/${pid}/stat`, 'utf8').then(
      (stat) => /\) [ZX] /.test(stat),
      () => true,
    );
  await until(async () => {
    await rig.clock.advance(100);
    return (await gone(mine)) && gone(childs);
  });
});
