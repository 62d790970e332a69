import { expect, test } from 'vitest';
import { receiver } from '../alerts/receiver.ts';
import { KEY } from '../alerts/rig.ts';
import { until } from '../helpers/daemon.ts';
import { ESTATE, makePlace } from './place.ts';

const alerting = (url: string, host: string): string => `${ESTATE}alerts:
  channels:
    hook: { kind: webhook, url: '${url}', secret: hook-key }
  routes:
    - channels: [hook]
      group_wait: 50ms
network: { allow: ['${host}'] }
`;

test('kill -9 between the raise and its delivery, and after it: at least once, and a double has the same id', async () => {
  const server = await receiver();
  const estate = alerting(server.url, server.host);
  const place = await makePlace({}, estate);
  const first = await place.start();
  expect((await place.reeve(['secret', 'set', 'hook-key', '--value', KEY])).code).toBe(0);

  // The receiver takes the message, and the daemon dies before it hears so.
  server.answer = () => undefined;
  await place.write('reeve.yaml', `${estate}nonsense: 1\n`);
  await until(() => server.got.length === 1);
  expect(await first.end('SIGKILL')).toBe(137);
  const raised = await place.records('alert.raised');
  expect(raised.map(({ body }) => body['key'])).toEqual(['config:reeve.yaml']);
  expect(await place.records('alert.delivered')).toEqual([]);

  server.answer = undefined;
  await place.write('reeve.yaml', estate);
  const second = await place.start();
  await until(async () => (await place.records('alert.delivered')).length >= 1);
  const id = server.got[0]?.headers['webhook-id'];
  expect(id).toMatch(/^msg_[0-9a-f]{24}$/);
  const doubles = server.got.filter((got) => got.headers['webhook-id'] === id);
  expect(doubles).toHaveLength(2);
  expect(doubles.map((got) => got.json.type)).toEqual(['alert.raised', 'alert.raised']);

  // The configuration is in order again, and the kill itself is worth a word.
  await until(() => server.got.some((got) => got.json.type === 'alert.resolved'));
  await until(() => server.got.some((got) => got.text.includes('daemon:crash')));
  const sent = server.got.map((got) => got.headers['webhook-id']);
  await until(async () => (await place.records('alert.delivered')).length === new Set(sent).size);
  await second.end('SIGKILL');

  // What is delivered and recorded is not sent again.
  const third = await place.start();
  await until(async () => (await place.json(['alerts', 'list'])).ok === true);
  await third.end('SIGTERM');
  expect(server.got.filter((got) => got.headers['webhook-id'] === id)).toHaveLength(2);
  const queued = await place.records('alert.queued');
  const told = await place.records('alert.delivered');
  expect(new Set(told.map(({ body }) => body['message'])).size).toBe(told.length);
  expect(queued.length).toBeGreaterThanOrEqual(told.length);
});

test('a kill before anything was queued loses nothing', async () => {
  const server = await receiver();
  const estate = alerting(server.url, server.host).replace('50ms', '3s');
  const place = await makePlace({}, estate);
  const first = await place.start();
  await place.reeve(['secret', 'set', 'hook-key', '--value', KEY]);
  await place.write('reeve.yaml', `${estate}nonsense: 1\n`);
  await until(async () => (await place.records('config.refused')).length === 1);
  await first.end('SIGKILL');
  expect(server.got).toEqual([]);
  expect(await place.records('alert.queued')).toEqual([]);
  // Nobody has repaired it meanwhile, but the daemon needs a valid file to start with: the alert ends as it is told.
  await place.write('reeve.yaml', estate);
  await place.start();
  await until(() => server.got.some((got) => got.text.includes('daemon:crash')));
  expect((await place.records('alert.raised')).map(({ body }) => body['key'])).toContain('daemon:crash');
});

test('the commands: list, show, ack, silence, channels, kinds, test, with ids in the answers', async () => {
  const server = await receiver();
  const estate = alerting(server.url, server.host);
  const place = await makePlace({}, estate);
  await place.start();
  await place.reeve(['secret', 'set', 'hook-key', '--value', KEY]);
  expect(await place.json(['alerts', 'test', 'hook'])).toMatchObject({ ok: true, data: { channel: 'hook' } });
  expect(server.got[0]?.json.type).toBe('alert.test');
  await place.write('reeve.yaml', `${estate}nonsense: 1\n`);
  await until(() => server.got.length === 2);
  const list = await place.reeve(['alerts']);
  expect(list.out).toContain('config:reeve.yaml');
  const shown = await place.reeve(['alerts', 'show', 'config:reeve.yaml']);
  expect(shown.out).toContain('unknown key "nonsense"');
  expect((await place.json(['alerts', 'ack', 'config:reeve.yml'])).error).toMatchObject({
    code: 'ALERT_NOT_FOUND',
    hint: 'Did you mean config:reeve.yaml?',
  });
  expect(await place.json(['alerts', 'ack', 'config:reeve.yaml', '--reason', 'repairing it'])).toMatchObject({
    ok: true,
  });
  const quiet = await place.json([
    'alerts',
    'silence',
    '--key',
    'config:reeve.yaml',
    '--for',
    '2h',
    '--reason',
    'known',
  ]);
  expect(quiet.data).toMatchObject({ id: expect.stringMatching(/^sil_[0-9a-f]{16}$/) });
  const { id } = quiet.data as { id: string };
  expect((await place.reeve(['alerts', 'silences'])).out).toContain(id);
  expect(await place.json(['alerts', 'unsilence', id])).toMatchObject({ ok: true });
  expect((await place.json(['alerts', 'unsilence', id])).error?.code).toBe('SILENCE_NOT_FOUND');
  expect((await place.reeve(['alerts', 'channels'])).out).toContain('webhook');
  expect((await place.reeve(['alerts', 'kinds'])).out).toContain('kind: email');
  for (const wrong of [
    [],
    ['--for', 'soon', '--all'],
    ['--for', '2h'],
    ['--for', '2h', '--severity', 'loud'],
  ])
    expect((await place.json(['alerts', 'silence', ...wrong, '--reason', 'x'])).ok).not.toBe(true);
  const events = (await place.records('admin.event')).map(({ body }) => body['action_type']);
  expect(events).toEqual(
    expect.arrayContaining(['test_channel', 'acknowledge_alert', 'set_silence', 'lift_silence']),
  );
});
