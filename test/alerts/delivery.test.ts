import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { receiver, status, type Receiver } from './receiver.ts';
import { KEY, openRig, type Rig } from './rig.ts';

const hook = (to: Receiver) => ({ kind: 'webhook', url: to.url, secret: 'key' });

/** One server for each channel; all alerts go to all of them. */
async function setUp(names: string[], more: object = {}) {
  const servers = await Promise.all(names.map(() => receiver()));
  const channels = Object.fromEntries(names.map((name, i) => [name, hook(servers[i] as Receiver)]));
  const rig = openRig({
    alerts: { channels, routes: [{ channels: names, group_wait: '1s' }], ...more },
    allow: servers.map((server) => server.host),
    secrets: { key: KEY },
  });
  return { rig, servers: servers as [Receiver, Receiver] };
}

const outcomes = (rig: Rig): string[] =>
  rig.records('alert.delivered').map(({ body }) => `${body.channel} ${body.event} ${body.outcome}`);
const ids = ({ got }: Receiver) => new Set(got.map(({ headers }) => headers['webhook-id']));
const nothingWaits = (rig: Rig): boolean => Object.keys(rig.state().waiting).length === 0;

/** Lets time pass until it holds. */
async function passUntil(rig: Rig, holds: () => boolean, step = 500): Promise<void> {
  while (!holds()) await rig.pass(step);
}

test('after an error of the receiver the same message with the same id comes again, and again, until it is taken', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  server.answer = (got, response) => {
    const n = server.got.length;
    if (n === 1) status(500)(got, response);
    else if (n === 2) response.destroy();
    else if (n === 3) status(503, { 'retry-after': '90' })(got, response);
    else status(200)(got, response);
  };
  await rig.raise('probe:web');
  await passUntil(rig, () => server.got.length === 3);
  const third = rig.clock.monotonic();
  await passUntil(rig, () => server.got.length === 4);
  // The receiver asked for patience.
  expect(rig.clock.monotonic() - third).toBeGreaterThanOrEqual(88_000);
  await passUntil(rig, () => nothingWaits(rig));
  expect(server.got).toHaveLength(4);
  expect(ids(server).size).toBe(1);
  expect(outcomes(rig)).toEqual(['chat raised sent']);
  expect(rig.records('alert.delivered')[0]?.body.tries).toBe(4);
});

test('the end of an alert is told after its beginning and retried likewise', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  server.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => server.got.length === 2);
  await rig.alerts.resolve('probe:web', 'up again');
  await passUntil(rig, () => server.got.length === 4);
  server.answer = (got, response) => status(got.json.type === 'alert.resolved' ? 502 : 204)(got, response);
  await passUntil(rig, () => server.got.some((got) => got.json.type === 'alert.resolved'));
  // What was raised went out late, and said what had become of it.
  const last = server.got.findLast((got) => got.json.type === 'alert.raised');
  expect(last?.json.data?.title).toBe('Was raised and is over: probe:web is down');
  server.answer = undefined;
  await passUntil(rig, () => outcomes(rig).length === 2);
  expect(outcomes(rig)).toEqual(['chat raised sent', 'chat resolved sent']);
  expect(ids(server).size).toBe(2);
  const order = server.got.map((got) => got.json.type);
  expect(order.indexOf('alert.resolved')).toBeGreaterThan(order.lastIndexOf('alert.raised'));
});

test('a dead channel blocks no other; the others hear of it, and of its recovery', async () => {
  const { rig, servers } = await setUp(['dead', 'chat']);
  const [dead, chat] = servers;
  await dead.close();
  await rig.raise('probe:web');
  await passUntil(rig, () => chat.got.length === 1);
  expect(chat.got[0]?.json.data?.title).toBe('PAGE: probe:web is down');
  await passUntil(rig, () => chat.got.length === 2, 10_000);
  const complaint = chat.got[1]?.json.data;
  expect(complaint?.title).toBe('PAGE: Messages do not get through over dead');
  expect(complaint?.alerts).toMatchObject([{ key: 'channel:dead' }]);
  expect(chat.got[1]?.text).toContain('- PAGE: probe:web is down');
  expect(rig.alerts.channels()).toMatchObject([
    { name: 'dead', waiting: 1, last: { ok: false } },
    { name: 'chat', waiting: 0, last: { ok: true } },
  ]);
  // It comes back at the same place.
  const again = await receiver(Number(dead.host.split(':')[1]));
  await passUntil(rig, () => again.got.length === 1, 60_000);
  await passUntil(rig, () => chat.got.some((got) => got.json.type === 'alert.resolved'));
  expect(ids(again).size).toBe(1);
  expect(outcomes(rig)).toContain('dead raised sent');
});

test('what cannot be delivered in the time is given up, and that is recorded', async () => {
  const { rig, servers } = await setUp(['dead', 'chat'], { give_up: '1h' });
  const [dead] = servers;
  dead.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => outcomes(rig).includes('dead raised given_up'), 60_000);
  const given = rig.records('alert.delivered').find((r) => r.body.outcome === 'given_up');
  expect((given?.ts ?? 0) - (rig.records('alert.queued')[0]?.ts ?? 0)).toBeGreaterThanOrEqual(3_600_000);
  expect(given?.body.why).toBe('it answered 500');
  expect(given?.body.keys).toEqual(['probe:web']);
  expect(rig.state().open['channel:dead']).toBeDefined();
  // It never heard of it, so it does not hear of the end.
  dead.answer = undefined;
  await rig.alerts.resolve('probe:web', 'up');
  await rig.pass(60_000);
  expect(outcomes(rig).filter((line) => line.startsWith('dead'))).toEqual(['dead raised given_up']);
});

test('after a night asleep a message is tried before it is given up', async () => {
  const { rig, servers } = await setUp(['chat'], { give_up: '1h' });
  const [server] = servers;
  server.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => server.got.length === 1);
  rig.clock.suspend(12 * 3_600_000);
  server.answer = undefined;
  await passUntil(rig, () => nothingWaits(rig));
  expect(outcomes(rig)).toEqual(['chat raised sent']);
});

test('a message that is refused for good lets those behind it pass', async () => {
  const { rig, servers } = await setUp(['chat', 'phone']);
  const [chat] = servers;
  chat.answer = (got, response) =>
    status(got.text.includes('poison') ? 400 : 204, {}, 'bad body')(got, response);
  await rig.alerts.send({ channel: 'chat', tone: 'info', title: 'poison', text: '' });
  await rig.alerts.send({ channel: 'chat', tone: 'info', title: 'water', text: '' });
  await passUntil(rig, () => chat.got.some((got) => got.text.includes('water')));
  await until(() => outcomes(rig).length > 0);
  expect(outcomes(rig)).toEqual(['chat notice sent']);
  expect(Object.keys(rig.state().waiting)).toHaveLength(1);
});

test('a message that the receiver chokes on does not hold up those behind it', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  const chokes = (got: Receiver['got'][number]): boolean => got.json.data?.title.includes('poison') === true;
  server.answer = (got, response) => status(chokes(got) ? 500 : 204)(got, response);
  await rig.raise('probe:poison');
  await passUntil(rig, () => server.got.length === 1);
  await rig.raise('probe:web');
  await rig.pass(60_000);
  expect(outcomes(rig)).toEqual(['chat raised sent']);
  // Also after hours, when it is tried only now and then.
  await rig.pass(3 * 3_600_000);
  const before = server.got.length;
  await rig.raise('probe:mail');
  await rig.pass(15_000);
  expect(outcomes(rig)).toEqual(['chat raised sent', 'chat raised sent']);
  expect(server.got.slice(before).some((got) => got.json.data?.title.includes('probe:mail'))).toBe(true);
  // It is not hammered meanwhile, and given up in the end.
  expect(server.got.filter(chokes).length).toBeLessThan(60);
  await rig.pass(24 * 3_600_000);
  expect(outcomes(rig)).toEqual(['chat raised sent', 'chat raised sent', 'chat raised given_up']);
  expect(nothingWaits(rig)).toBe(true);
});

test('a dead channel is not asked once for each message that waits', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  server.answer = status(503);
  for (let i = 0; i < 20; i++) {
    await rig.raise(`probe:p${i}`);
    await rig.pass(5000);
  }
  expect(Object.keys(rig.state().waiting).length).toBeGreaterThan(8);
  const before = server.got.length;
  await rig.pass(3_600_000);
  expect(server.got.length - before).toBeLessThan(20);
  server.answer = undefined;
  await rig.pass(15 * 60_000);
  expect(nothingWaits(rig)).toBe(true);
});

test('a message about alerts that nobody remembers any more is given up, and takes no place of others', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  await rig.raise('probe:web');
  await passUntil(rig, () => outcomes(rig).length === 1);
  server.answer = status(500);
  await rig.alerts.resolve('probe:web', 'up again');
  await passUntil(rig, () => server.got.length === 2);
  // So many have come and gone since that this one is forgotten.
  rig.state().closed.splice(0);
  server.answer = undefined;
  await rig.pass(20 * 60_000);
  expect(nothingWaits(rig)).toBe(true);
  expect(outcomes(rig)).toEqual(['chat raised sent', 'chat resolved given_up']);
});

test('what has waited for hours goes out the moment somebody has stored the secret of its channel', async () => {
  const server = await receiver();
  const rig = openRig({
    alerts: {
      channels: { hook: { ...hook(server), secret: 'late' } },
      routes: [{ channels: ['hook'], group_wait: '1s' }],
    },
    allow: [server.host],
  });
  await rig.raise('probe:web');
  await rig.pass(3 * 3_600_000);
  rig.secrets.set('late', KEY);
  await rig.ledger.append('admin.event', {
    admin_event_id: `ae_${'0'.repeat(24)}`,
    observed_at_utc: '2026-01-02T03:04:05.000Z',
    actor: { person: 'ana', via: 'cli', account: 'uid:0' },
    action_type: 'rotate_secret',
    targets: [{ kind: 'secret', id: 'late' }],
    reason: 'stored',
    before: { version: null },
    after: { version: '1' },
    result: { status: 'done' },
  });
  await rig.pass(1000);
  expect(outcomes(rig)).toEqual(['hook raised sent']);
}, 30_000);

test('that a channel is broken is over with the channel, also when it went while the daemon was down', async () => {
  const { rig, servers } = await setUp(['dead', 'chat']);
  const [dead, chat] = servers;
  await dead.close();
  await rig.raise('probe:web');
  const broken = (one: Rig): boolean => Object.hasOwn(one.state().open, 'channel:dead');
  await passUntil(rig, () => broken(rig));
  const without = {
    channels: { chat: hook(chat) },
    routes: [{ channels: ['chat'], group_wait: '1s' }],
  };
  const lines = [...rig.ledger.lines];
  rig.configure(without);
  await passUntil(rig, () => !broken(rig));
  const over = rig.records('alert.resolved').map(({ body }) => `${body.key}: ${body.why}`);
  expect(over).toEqual(['channel:dead: reeve.yaml names no such channel any more']);

  const next = openRig({
    alerts: without,
    allow: [chat.host],
    secrets: { key: KEY },
    clock: rig.clock,
    lines,
  });
  await passUntil(next, () => next.records('alert.resolved').length > 0);
  expect(broken(next)).toBe(false);
});

test('a test message that arrives ends the alert about its channel, and what waits there goes out now', async () => {
  const { rig, servers } = await setUp(['dead', 'chat']);
  const [dead] = servers;
  dead.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => Object.hasOwn(rig.state().open, 'channel:dead'));
  await rig.pass(3_600_000);
  dead.answer = undefined;
  await rig.alerts.test('dead');
  await rig.pass(2000);
  expect(Object.hasOwn(rig.state().open, 'channel:dead')).toBe(false);
  expect(outcomes(rig)).toContain('dead raised sent');
});

test('a broken channel over which nothing waits any more is tested by itself, ever more rarely, until that arrives', async () => {
  const { rig, servers } = await setUp(['dead', 'chat'], { give_up: '10m' });
  const [dead, chat] = servers;
  dead.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => Object.hasOwn(rig.state().open, 'channel:dead'));
  await rig.alerts.resolve('probe:web', 'up again');
  await passUntil(rig, () => nothingWaits(rig), 30_000);
  // All was given up, and a process that begins now has never seen it fail.
  const next = openRig({
    alerts: { channels: { dead: hook(dead), chat: hook(chat) }, routes: [{ channels: ['dead', 'chat'] }] },
    allow: servers.map((server) => server.host),
    secrets: { key: KEY },
    clock: rig.clock,
    lines: [...rig.ledger.lines],
  });
  await rig.stop();
  const before = dead.got.length;
  const times: number[] = [];
  const began = next.clock.monotonic();
  while (times.length < 8) {
    await next.pass(60_000);
    if (dead.got.length > before + times.length) times.push(next.clock.monotonic() - began);
  }
  const pauses = times.slice(1).map((time, i) => Math.round((time - (times[i] ?? 0)) / 300_000));
  expect(pauses).toEqual([2, 4, 8, 16, 32, 64, 72]);
  expect(Object.hasOwn(next.state().open, 'channel:dead')).toBe(true);
  dead.answer = undefined;
  await passUntil(next, () => !Object.hasOwn(next.state().open, 'channel:dead'), 600_000);
  expect(dead.got.at(-1)?.text).toContain('Messages get through over dead again');
  expect(next.records('alert.resolved').map(({ body }) => `${body.key}: ${body.why}`)).toContain(
    'channel:dead: a message that tests it went out',
  );
  // Then it is left alone.
  await passUntil(next, () => nothingWaits(next), 60_000);
  const after = dead.got.length;
  await next.pass(3_600_000);
  expect(dead.got).toHaveLength(after);
});

test('a channel whose secret is missing says so elsewhere at once, and works as soon as the secret is there', async () => {
  const { rig, servers } = await setUp(['chat', 'phone']);
  const [chat] = servers;
  rig.secrets.delete('key');
  rig.configure({
    channels: { chat: { ...hook(chat), secret: 'other' }, log: { kind: 'log' } },
    routes: [{ channels: ['chat', 'log'], group_wait: '1s' }],
  });
  await rig.raise('probe:web');
  await passUntil(
    rig,
    () => rig.logged.some((line) => line.includes('do not get through over chat')),
    10_000,
  );
  rig.secrets.set('other', KEY);
  await passUntil(rig, () => chat.got.length > 0, 60_000);
  expect(chat.got[0]?.json.data?.title).toBe('PAGE: probe:web is down');
});

test('a receiver that never answers is left after its time, and the message comes again', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  server.answer = () => undefined;
  await rig.raise('probe:web');
  await passUntil(rig, () => server.got.length === 1);
  await passUntil(rig, () => rig.alerts.channels()[0]?.last !== null);
  expect(rig.alerts.channels()[0]?.last?.why).toBe('no answer within 15 s');
  server.answer = undefined;
  await passUntil(rig, () => nothingWaits(rig));
  expect(ids(server).size).toBe(1);
});

test('messages of a channel that was removed are given up; a new channel hears of what is open', async () => {
  const { rig, servers } = await setUp(['old', 'chat']);
  const [old, chat] = servers;
  old.answer = status(500);
  await rig.raise('probe:web');
  await passUntil(rig, () => old.got.length === 1 && chat.got.length === 1);
  const third = await receiver();
  rig.configure({
    channels: { chat: hook(chat), fresh: { ...hook(third), url: third.url } },
    routes: [{ channels: ['chat', 'fresh'], group_wait: '1s' }],
  });
  await until(() => outcomes(rig).includes('old raised given_up'));
  await passUntil(rig, () => rig.queued().includes('fresh raised probe:web'));
  expect(rig.queued().filter((line) => line.startsWith('chat'))).toEqual(['chat raised probe:web']);
});

test('notices: `ops` is the first channel, an unknown name only the log; many for a dead channel are bounded', async () => {
  const { rig, servers } = await setUp(['chat', 'phone']);
  const [chat] = servers;
  const send = (channel: string, title = 'Deployed') =>
    rig.alerts.send({ channel, tone: 'good', title, text: 'v2 is live' });
  expect(await send('ops')).toEqual({ sent: ['chat'] });
  expect(await send('phone')).toEqual({ sent: ['phone'] });
  expect(await send('nobody')).toEqual({ sent: [] });
  expect(rig.logged.some((line) => line.includes('for nobody: Deployed'))).toBe(true);
  await until(() => nothingWaits(rig));
  expect(chat.got[0]?.json).toMatchObject({
    type: 'alert.notice',
    data: { title: 'Deployed', text: 'v2 is live' },
  });
  chat.answer = status(500);
  for (let i = 0; i < 600; i++) await send('chat', `n${i}`);
  await until(() => Object.keys(rig.state().waiting).length === 500);
  const given = rig.records('alert.delivered').filter((r) => r.body.outcome === 'given_up');
  expect(given).toHaveLength(100);
  expect(given[0]?.body.why).toBe('more than 500 messages wait for chat');
});

test('a test message tells how it went', async () => {
  const { rig, servers } = await setUp(['chat']);
  const [server] = servers;
  await rig.alerts.test('chat');
  expect(server.got[0]?.json.type).toBe('alert.test');
  server.answer = status(404, {}, 'no such hook');
  await expect(rig.alerts.test('chat')).rejects.toMatchObject({
    code: 'CHANNEL_FAILED',
    message: 'The test message did not reach chat: it answered 404: no such hook.',
  });
  await expect(rig.alerts.test('chta')).rejects.toMatchObject({
    code: 'CHANNEL_UNKNOWN',
    hint: 'Did you mean chat?',
  });
});
