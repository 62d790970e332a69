import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Reply } from '../../contracts/reply.ts';
import { until } from '../helpers/daemon.ts';
import { ESTATE, openWorld } from '../helpers/app.ts';
import { receiver } from './receiver.ts';
import { KEY } from './rig.ts';

/** `cody` works on `other` alone, `olga` looks at it. */
const PEOPLE = ESTATE.replace(
  '  vic:',
  '  cody: { roles: [coder] }\n  olga: { roles: [onlooker] }\n  vic:',
).replace(
  'projects:\n',
  'roles:\n  coder: { verbs: [view, run], projects: [other] }\n  onlooker: { verbs: [view], projects: [other] }\nprojects:\n',
);

const keys = (reply: Reply): string[] => (reply.data as { key: string }[]).map(({ key }) => key);

test('everybody sees and takes the alerts of their own place', async () => {
  const world = await openWorld({ estate: PEOPLE });
  const { alerts } = world.app.running.features;
  const base = { severity: 'page', source: 'probe', title: 'Down', text: '' } as const;
  await alerts.raise({ ...base, key: 'probe:shop', project: 'shop', env: 'prod' });
  await alerts.raise({ ...base, key: 'probe:other', project: 'other', env: 'dev' });
  await alerts.raise({ ...base, key: 'daemon:whole' });
  expect(keys(await world.as('vic', { command: 'alerts list' }))).toEqual([
    'daemon:whole',
    'probe:other',
    'probe:shop',
  ]);
  expect(keys(await world.as('cody', { command: 'alerts list' }))).toEqual(['probe:other']);
  const ack = (person: string, key: string) => world.as(person, { command: 'alerts ack', args: { key } });
  // What one may not see is not there.
  expect((await ack('cody', 'probe:shop')).error?.code).toBe('ALERT_NOT_FOUND');
  expect(
    (await world.as('cody', { command: 'alerts show', args: { key: 'daemon:whole' } })).error?.code,
  ).toBe('ALERT_NOT_FOUND');
  expect((await ack('olga', 'probe:other')).error?.code).toBe('FORBIDDEN');
  expect((await ack('vic', 'probe:shop')).error?.code).toBe('FORBIDDEN');
  expect((await ack('cody', 'probe:other')).ok).toBe(true);
  expect(alerts.list().find((alert) => alert.key === 'probe:other')?.acknowledged?.by).toBe('cody');
  const events = await world.records('admin.event');
  expect(events.at(-1)?.body).toMatchObject({
    action_type: 'acknowledge_alert',
    actor: { person: 'cody' },
    targets: [{ kind: 'alert', id: 'probe:other' }],
  });
});

test('who may not work everywhere may not silence everything', async () => {
  const world = await openWorld({
    estate: `${PEOPLE}probes:\n  web: { kind: tcp, project: other, env: dev, host: 127.0.0.1, port: 1, enabled: false }\n`,
  });
  const { alerts } = world.app.running.features;
  await alerts.raise({
    key: 'probe:shop',
    severity: 'page',
    source: 'probe',
    title: 'x',
    text: '',
    project: 'shop',
  });
  const silence = (person: string, args: object) =>
    world.as(person, { command: 'alerts silence', args: { for: '2h', ...args }, reason: 'known' });
  for (const args of [
    { all: true },
    { severity: ['page'] },
    { project: ['shop'] },
    { project: ['other', 'shop'] },
    { key: ['probe:shop'] },
    { key: ['not:there'] },
    { probe: ['not-there'] },
  ])
    expect((await silence('cody', args)).error?.code).toBe('FORBIDDEN');
  expect((await silence('cody', { project: ['other'] })).ok).toBe(true);
  expect((await silence('cody', { probe: ['web'] })).ok).toBe(true);
  const short = await world.as('cody', {
    command: 'probe silence',
    args: { probe: 'web', for: '2h' },
    reason: 'known',
  });
  expect(short.data).toMatchObject({ match: { probes: ['web'] } });
  expect(
    (await world.as('cody', { command: 'alerts silence', args: { for: '2h', project: ['other'] } })).error
      ?.code,
  ).toBe('REASON_REQUIRED');
  const all = await silence('root', { all: true });
  expect(all.ok).toBe(true);
  const { id } = all.data as { id: string };
  expect((await world.as('cody', { command: 'alerts unsilence', args: { id } })).error?.code).toBe(
    'FORBIDDEN',
  );
  expect((await world.as('root', { command: 'alerts unsilence', args: { id } })).ok).toBe(true);
  expect(alerts.silences()).toHaveLength(3);
});

const command = (argv: string): string => `${ESTATE}alerts:
  channels:
    pager: { kind: command, argv: ['${argv}'] }
  routes: [{ channels: [pager], group_wait: 50ms }]
`;

test('a command channel is a mandate: changed, it runs nothing until somebody has accepted it', async () => {
  const world = await openWorld({ estate: command('/bin/true') });
  const send = (person: string) => world.as(person, { command: 'alerts test', args: { channel: 'pager' } });
  expect((await send('root')).ok).toBe(true);
  expect((await send('ana')).error?.code).toBe('FORBIDDEN');
  await world.write('reeve.yaml', command('/bin/echo'));
  expect((await world.as('root', { command: 'config reload' })).ok).toBe(true);
  expect((await send('root')).error).toMatchObject({
    code: 'CHANNEL_FAILED',
    message: expect.stringContaining('its entry in reeve.yaml changed'),
  });
  expect(await world.records('mandate.suspended')).toMatchObject([{ body: { id: 'channel:pager' } }]);
  const accept = { command: 'config accept', args: { mandate: 'channel:pager' } };
  const shown = await world.as('root', accept);
  const digest = shown.confirm?.digest;
  expect(
    (await world.as('root', { ...accept, ...(digest === undefined ? {} : { confirm: digest }) })).ok,
  ).toBe(true);
  expect((await send('root')).ok).toBe(true);
});

test('what waits goes out as soon as somebody has stored the secret, or accepted the program, that it waits for', async () => {
  const server = await receiver();
  const estate = (page: string): string => `${ESTATE}network: { allow: ['${server.host}'] }
alerts:
  channels:
    hook: { kind: webhook, url: '${server.url}', secret: late-key }
    pager: { kind: command, argv: [/bin/sh, -c, '${page}'] }
  routes: [{ channels: [hook, pager], group_wait: 50ms }]
`;
  const world = await openWorld({ estate: estate('true') });
  const { alerts } = world.app.running.features;
  await world.write('reeve.yaml', estate('cat >> paged.txt'));
  await world.as('root', { command: 'config reload' });
  await alerts.raise({ key: 'probe:web', severity: 'page', source: 'probe', title: 'web is down', text: '' });
  await until(() => alerts.channels().every(({ last }) => last?.ok === false));
  expect((await world.as('root', { command: 'secret set', args: { name: 'late-key', value: KEY } })).ok).toBe(
    true,
  );
  await until(() => server.got.length > 0);
  const accept = { command: 'config accept', args: { mandate: 'channel:pager' } };
  const shown = await world.as('root', accept);
  await world.as('root', { ...accept, confirm: shown.confirm?.digest ?? '' });
  await until(() => alerts.channels().every(({ waiting }) => waiting === 0));
  expect(await readFile(path.join(world.root, 'paged.txt'), 'utf8')).toContain('web is down');
}, 30_000);

test('the notify step tells a channel; its message outlives the daemon', async () => {
  const server = await receiver();
  const world = await openWorld({
    estate: `${ESTATE}alerts:
  channels: { hook: { kind: webhook, url: '${server.url}', secret: key } }
network: { allow: ['${server.host}'] }
`,
    runbooks: {
      'say.md':
        '---\nrunbook: say\ntitle: Say it\naction: run\n---\n```notify { name=say tone=good title="It is done" }\nAll of it.\n```\n',
    },
  });
  const run = await world.as('root', {
    command: 'run',
    args: { runbook: 'say', project: 'shop', env: 'dev' },
    force: true,
  });
  expect(await world.end(run)).toBe('PASS');
  // The key is not there yet: the message waits for it.
  const queued = await world.records('message.queued');
  expect(queued).toMatchObject([{ body: { channel: 'hook', title: 'It is done', text: 'All of it.' } }]);
  await world.app.store.secrets.set('key', KEY);
  await world.restart();
  await until(() => server.got.length > 0);
  expect(server.got[0]?.headers['webhook-id']).toBe(queued[0]?.body.id);
  await until(async () => (await world.records('alert.delivered')).length > 0);
});

test('what is told shows in the metrics', async () => {
  const world = await openWorld();
  const { alerts, metrics } = world.app.running.features;
  await alerts.raise({ key: 'a:b', severity: 'page', source: 'daemon', title: 'x', text: '' });
  const value = (name: string) => [...(metrics.find((family) => family.name === name)?.collect() ?? [])];
  expect(value('reeve_alerts_open')).toContainEqual([['page', 'no'], 1]);
  await alerts.silence({}, Number.MAX_SAFE_INTEGER, 'root', 'x');
  expect(value('reeve_alerts_open')).toContainEqual([['page', 'yes'], 1]);
  expect(value('reeve_alert_outbox_oldest_seconds')).toEqual([[[], 0]]);
});
