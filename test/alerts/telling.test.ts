import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { receiver, type Receiver } from './receiver.ts';
import { KEY, openRig, type Rig } from './rig.ts';

const hook = (to: Receiver, path: string) => ({ kind: 'webhook', url: `${to.url}/${path}`, secret: 'key' });

/** Two channels, `chat` and `phone`, to one server. */
async function setUp(routes: object[], more: object = {}): Promise<{ rig: Rig; server: Receiver }> {
  const server = await receiver();
  const channels = { chat: hook(server, 'chat'), phone: hook(server, 'phone') };
  const rig = openRig({ alerts: { channels, routes, ...more }, allow: [server.host], secrets: { key: KEY } });
  return { rig, server };
}

const delivered = (rig: Rig, n: number): Promise<void> =>
  until(() => rig.records('alert.delivered').length >= n);

test('alerts of a route that come together are one message, and each is told once', async () => {
  const { rig, server } = await setUp([{ channels: ['chat'] }]);
  await rig.raise('probe:web');
  await rig.pass(4000);
  await rig.raise('probe:db');
  await rig.raise('probe:db');
  await rig.pass(5900);
  expect(rig.queued()).toEqual([]);
  await rig.pass(200);
  expect(rig.queued()).toEqual(['chat raised probe:web,probe:db']);
  await delivered(rig, 1);
  await rig.pass(3_600_000);
  expect(server.got).toHaveLength(1);
  const { json } = server.got[0] ?? {};
  expect(json?.type).toBe('alert.raised');
  expect(json?.data?.title).toBe('New: 2 alerts (2 page), first: probe:web is down');
  expect(json?.data?.alerts.map((a) => a.key)).toEqual(['probe:web', 'probe:db']);
  // The same again is no record.
  expect(rig.records('alert.raised')).toHaveLength(2);
});

test('the first route that matches takes an alert; `continue` lets those below see it too; none leaves it to the log', async () => {
  const { rig } = await setUp([
    {
      match: { severities: ['page'], projects: ['shop'] },
      channels: ['phone'],
      continue: true,
      group_wait: '1s',
    },
    { match: { probes: ['web'] }, channels: ['chat'], group_wait: '1s' },
    { match: { sources: ['drill'] }, channels: ['chat', 'phone'], group_wait: '1s' },
  ]);
  await rig.raise('a', { project: 'shop', env: 'prod', probe: 'web' });
  await rig.raise('b', { probe: 'web' });
  await rig.raise('c', { source: 'drill', severity: 'info' });
  await rig.raise('d', { source: 'person' });
  await rig.pass(2000);
  expect(rig.queued().toSorted()).toEqual([
    'chat raised a,b',
    'chat raised c',
    'phone raised a',
    'phone raised c',
  ]);
  expect(rig.logged.find((line) => line.includes('alert d'))).toContain('no route takes it');
  expect(rig.alerts.list().find((alert) => alert.key === 'd')?.told).toEqual([]);
});

test('an alert that is not acknowledged is escalated and said again; an acknowledged one is neither', async () => {
  const { rig, server } = await setUp([
    { channels: ['chat'], group_wait: '1s', remind: '1h', escalate: [{ after: '15m', channels: ['phone'] }] },
  ]);
  await rig.raise('probe:web');
  await rig.pass(14 * 60_000);
  expect(rig.queued()).toEqual(['chat raised probe:web']);
  await rig.pass(2 * 60_000);
  expect(rig.queued()).toEqual(['chat raised probe:web', 'phone escalated probe:web']);
  await rig.pass(60 * 60_000);
  expect(rig.queued().slice(2)).toEqual(['chat reminder probe:web', 'phone reminder probe:web']);
  await rig.alerts.acknowledge('probe:web', 'ana', 'on it');
  await rig.pass(5 * 3_600_000);
  expect(rig.queued()).toHaveLength(4);
  await delivered(rig, 4);
  // The clock of the test runs ahead of the network, so a try may have been given up and repeated: same id, same message.
  const byId = new Map(server.got.map((got) => [got.headers['webhook-id'], got.json.data?.title]));
  const titles = [...byId.values()];
  expect(titles).toContain('Nobody has acknowledged this for 15 min: probe:web is down');
  expect(titles.filter((title) => title?.startsWith('Still open after 1 h') === true)).toHaveLength(2);
  await rig.alerts.resolve('probe:web', 'up again');
  await rig.pass(20_000);
  // Whoever was told hears of the end.
  expect(rig.queued().slice(4).toSorted()).toEqual(['chat resolved probe:web', 'phone resolved probe:web']);
});

test('who acknowledged within the time to escalate has spared the others', async () => {
  const { rig } = await setUp([
    { channels: ['chat'], group_wait: '1s', escalate: [{ after: '15m', channels: ['phone'] }] },
  ]);
  await rig.raise('probe:web');
  await rig.pass(60_000);
  await rig.alerts.acknowledge('probe:web', 'ana', '');
  await rig.pass(3_600_000);
  expect(rig.queued()).toEqual(['chat raised probe:web']);
  await expect(rig.alerts.acknowledge('probe:wbe', 'ana', '')).rejects.toMatchObject({
    code: 'ALERT_NOT_FOUND',
    hint: 'Did you mean probe:web?',
  });
  await rig.alerts.resolve('probe:web', 'up');
  await expect(rig.alerts.acknowledge('probe:web', 'ana', '')).rejects.toMatchObject({
    code: 'ALERT_NOT_OPEN',
  });
});

test('a silence keeps alerts quiet and is recorded; what is open when it ends is told then', async () => {
  const { rig } = await setUp([{ channels: ['chat'], group_wait: '1s' }]);
  const { id } = await rig.alerts.silence({ probes: ['web'] }, rig.clock.now() + 7_200_000, 'ana', 'known');
  await rig.raise('probe:web', { probe: 'web' });
  await rig.raise('probe:short', { probe: 'web' });
  await rig.pass(60_000);
  expect(rig.queued()).toEqual([]);
  expect(rig.records('alert.silenced').map((r) => [r.body.silence, r.body.alerts.length])).toEqual([[id, 2]]);
  expect(rig.alerts.list().map((alert) => alert.silenced)).toEqual([true, true]);
  await rig.alerts.resolve('probe:short', 'up');
  await rig.pass(7_200_000);
  // Nobody was told of the other, so nobody hears that it ended.
  expect(rig.queued()).toEqual(['chat raised probe:web']);
  expect(rig.alerts.silences()).toEqual([]);
  await expect(rig.alerts.lift(id, 'ana')).rejects.toMatchObject({ code: 'SILENCE_NOT_FOUND' });
});

test('a silence that is lifted lets the alert out at once', async () => {
  const { rig } = await setUp([{ channels: ['chat'], group_wait: '1s' }]);
  const { id } = await rig.alerts.silence({}, rig.clock.now() + 7_200_000, 'ana', 'known');
  await rig.raise('probe:web');
  await rig.pass(60_000);
  await rig.alerts.lift(id, 'ana');
  await rig.pass(1000);
  expect(rig.queued()).toEqual(['chat raised probe:web']);
});

test('an alert that comes and goes within the wait is not told, one that flaps is told once', async () => {
  const { rig } = await setUp([{ channels: ['chat'], group_wait: '10s' }]);
  await rig.raise('probe:blip');
  await rig.alerts.resolve('probe:blip', 'up');
  for (let i = 0; i < 10; i++) {
    await rig.raise('probe:flap');
    await rig.pass(2000);
    await rig.alerts.resolve('probe:flap', 'up');
    await rig.pass(2000);
  }
  await rig.raise('probe:flap');
  await rig.pass(20_000);
  expect(rig.queued()).toEqual(['chat raised probe:flap']);
});

test('what becomes more severe is news, also to who has taken it; what becomes less is only noted', async () => {
  const { rig } = await setUp([
    { match: { severities: ['page'] }, channels: ['phone', 'chat'], group_wait: '1s' },
    { channels: ['chat'], group_wait: '1s' },
  ]);
  await rig.raise('slo:shop', { severity: 'warn' });
  await rig.pass(5000);
  await rig.alerts.acknowledge('slo:shop', 'ana', '');
  await rig.raise('slo:shop', { severity: 'page', text: 'burning 14 times too fast' });
  await rig.pass(5000);
  expect(rig.queued()).toEqual(['chat raised slo:shop', 'phone raised slo:shop', 'chat raised slo:shop']);
  expect(rig.alerts.list()[0]?.acknowledged).toBeNull();
  await rig.raise('slo:shop', { severity: 'warn' });
  await rig.pass(60_000);
  expect(rig.queued()).toHaveLength(3);
  expect(rig.alerts.list()[0]?.severity).toBe('warn');
});

test('a restart goes on where the last daemon was: nothing is told twice, deadlines count from the raise', async () => {
  const routes = [
    { channels: ['chat'], group_wait: '1s', escalate: [{ after: '30m', channels: ['phone'] }] },
  ];
  const { rig, server } = await setUp(routes);
  await rig.raise('probe:web');
  await rig.pass(5000);
  await delivered(rig, 1);
  await rig.stop();
  rig.clock.suspend(10 * 60_000);
  const channels = { chat: hook(server, 'chat'), phone: hook(server, 'phone') };
  const again = openRig({
    alerts: { channels, routes },
    allow: [server.host],
    secrets: { key: KEY },
    clock: rig.clock,
    lines: rig.ledger.lines,
  });
  await again.pass(19 * 60_000);
  expect(again.queued()).toEqual(['chat raised probe:web']);
  await again.pass(2 * 60_000);
  expect(again.queued()).toEqual(['chat raised probe:web', 'phone escalated probe:web']);
});

test.each([
  ['set forward by a day', 86_400_000],
  ['set back by a day', -86_400_000],
])('a clock that is %s makes one message of what is due, and no deadline is lost', async (_what, by) => {
  const { rig } = await setUp([
    {
      channels: ['chat'],
      group_wait: '1s',
      remind: '10m',
      escalate: [
        { after: '15m', channels: ['phone'] },
        { after: '30m', channels: ['phone'] },
      ],
    },
  ]);
  await rig.raise('probe:web');
  await rig.pass(60_000);
  rig.clock.jump(by);
  await rig.ledger.append('daemon.clock_jumped', { by_ms: by, seen: by > 0 ? 'forward' : 'back' });
  await rig.pass(1000);
  const web = rig.queued().filter((line) => line.endsWith('probe:web'));
  expect(web).toEqual(
    by > 0
      ? ['chat raised probe:web', 'phone escalated probe:web', 'chat reminder probe:web']
      : ['chat raised probe:web'],
  );
  await rig.pass(3_600_000);
  const phone = rig.queued().filter((line) => line === 'phone escalated probe:web');
  expect(phone).toHaveLength(by > 0 ? 1 : 2);
});

test('alerts that come one after the other for long are paced', async () => {
  const { rig } = await setUp([{ channels: ['chat'], group_wait: '1s' }]);
  for (let i = 0; i < 120; i++) {
    await rig.raise(`probe:p${i}`);
    await rig.clock.advance(5000);
  }
  // Ten as they come, then one a minute.
  expect(rig.queued().length).toBeGreaterThanOrEqual(15);
  expect(rig.queued().length).toBeLessThanOrEqual(22);
});

test('a page does not wait because the channel heard much else: reminders, ends, warnings', async () => {
  const { rig } = await setUp([{ channels: ['chat'], group_wait: '3s', remind: '1m' }]);
  await rig.raise('slo:shop:6h', { severity: 'warn' });
  // A reminder a minute is as much as paces the channel.
  for (let i = 0; i < 15; i++) {
    await rig.pass(60_000);
    await delivered(rig, i + 1);
  }
  await rig.pass(10_000);
  const before = rig.queued().length;
  await rig.raise('probe:web');
  await rig.pass(3100);
  expect(rig.queued().slice(before)).toEqual(['chat raised probe:web']);
});
