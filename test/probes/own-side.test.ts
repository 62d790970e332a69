import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { rig } from './rig.ts';

/** A port that refuses until `open`. */
async function gate(): Promise<{ target: string; open(): Promise<void> }> {
  const server = createServer((socket) => socket.destroy());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  onTestFinished(() => void server.close());
  return {
    target: `127.0.0.1:${port}`,
    async open() {
      server.listen(port, '127.0.0.1');
      await once(server, 'listening');
    },
  };
}

describe('the alert about our own network', () => {
  test('ends when the uplink is back, although no probe fails any more', async () => {
    const outside = await gate();
    const t = await rig({ web: { failures: 1 } }, { watch: { uplink: [outside.target] } });
    t.world['web'] = 'down';
    await t.engine.run('web');
    expect([...t.alerts.keys()]).toEqual(['probes:uplink']);
    await t.pass(30_000);
    expect([...t.alerts.keys()]).toEqual(['probes:uplink']);
    await outside.open();
    t.world['web'] = 'up';
    await vi.waitFor(async () => {
      await t.pass(5000);
      expect(t.alerts.size).toBe(0);
    });
  });

  test('ends after a restart with a network that works, and stays with one that does not', async () => {
    const outside = await gate();
    const t = await rig({ web: { failures: 1 } }, { watch: { uplink: [outside.target] } });
    t.world['web'] = 'down';
    await t.engine.run('web');
    t.world['web'] = 'up';
    await t.restart();
    await t.pass(1000);
    expect([...t.alerts.keys()]).toEqual(['probes:uplink']);
    await outside.open();
    await t.restart();
    await vi.waitFor(async () => {
      await t.pass(1000);
      expect(t.alerts.size).toBe(0);
    });
  });

  test('ends when the estate names no place outside any more', async () => {
    const outside = await gate();
    const t = await rig({ web: { failures: 1 } }, { watch: { uplink: [outside.target] } });
    t.world['web'] = 'down';
    await t.engine.run('web');
    expect([...t.alerts.keys()]).toEqual(['probes:uplink']);
    await t.change({ web: { failures: 1 } }, {});
    await vi.waitFor(() => expect(t.alerts.has('probes:uplink')).toBe(false));
  });
});

test('what an earlier process said of slips is over with it', async () => {
  const t = await rig({ a: { interval: '1s', timeout: '500ms' } });
  await t.pass(2000);
  t.clock.block(5500);
  await t.pass(2000);
  expect([...t.alerts.keys()]).toEqual(['probes:slips']);
  await t.restart();
  await t.pass(2000);
  expect(t.alerts.size).toBe(0);
});

describe('probes that prove nothing', () => {
  const minutes = (n: number): number => n * 60_000;

  test('are told of: while we are blind, whatever they watch may be down', async () => {
    const t = await rig({
      web: { title: 'Shop' },
      mail: { severity: 'warn' },
      fine: {},
    });
    t.world['mail'] = 'inconclusive';
    await t.pass(minutes(9));
    expect(t.alerts.size).toBe(0);
    await t.pass(minutes(3));
    expect(t.alerts.get('probes:blind')).toMatchObject({
      severity: 'warn',
      source: 'daemon',
      title: '1 probe proves nothing',
      text: expect.stringContaining('mail: it is inconclusive'),
    });
    t.world['web'] = 'inconclusive';
    await t.pass(minutes(12));
    expect(t.alerts.get('probes:blind')).toMatchObject({
      severity: 'page',
      title: '2 probes prove nothing',
      text: expect.stringMatching(/mail: [^]*web: /),
    });
    // An alert that is only older is the same alert.
    const text = t.alerts.get('probes:blind')?.text;
    await t.pass(minutes(5));
    expect(t.alerts.get('probes:blind')?.text).toBe(text);
    t.world['web'] = 'up';
    t.world['mail'] = 'up';
    await t.pass(minutes(2));
    expect(t.alerts.size).toBe(0);
  }, 60_000);

  test('are told of after a restart, too', async () => {
    const t = await rig({ web: {} });
    t.world['web'] = 'inconclusive';
    await t.pass(minutes(5));
    await t.restart();
    await t.pass(minutes(7));
    expect([...t.alerts.keys()]).toEqual(['probes:blind']);
    await t.restart();
    t.world['web'] = 'up';
    await t.pass(minutes(2));
    expect(t.alerts.size).toBe(0);
  }, 60_000);

  test('are not told of in maintenance, while our uplink is down, or while a heartbeat waits for its first call', async () => {
    const outside = await gate();
    const dark = await rig({ web: {} }, { watch: { uplink: [outside.target] } });
    dark.world['web'] = 'down';
    await dark.pass(minutes(12));
    expect([...dark.alerts.keys()]).toEqual(['probes:uplink']);

    const t = await rig(
      { web: {}, job: { kind: 'beat' } },
      { maintenance: { always: { cron: '0 * * * *', duration: '1h' } } },
    );
    t.world['web'] = 'inconclusive';
    t.world['job'] = 'inconclusive';
    await t.pass(minutes(12));
    expect(t.alerts.size).toBe(0);
  }, 60_000);
});

describe('the alert about what is degraded', () => {
  const key = 'probe:web:degraded';

  test('is raised once it is believed, below a page, and ends when it is up, down or gone', async () => {
    const t = await rig({ web: { failures: 2, successes: 1, title: 'The shop' }, low: { severity: 'info' } });
    t.world['web'] = 'degraded';
    await t.engine.run('web');
    expect(t.alerts.size).toBe(0);
    await t.engine.run('web');
    await t.pass(200);
    expect(t.alerts.get(key)).toEqual({
      key,
      severity: 'warn',
      source: 'probe',
      title: 'The shop is degraded',
      text: 'it is degraded\nLook at it: reeve probe show web\nAsk again now: reeve probe run web',
      project: 'shop',
      env: 'dev',
      probe: 'web',
    });
    // A restart forgets nothing, and says nothing anew either.
    await t.restart();
    expect([...t.alerts.keys()]).toEqual([key]);
    t.world['web'] = 'down';
    for (let i = 0; i < 2; i++) await t.engine.run('web');
    await t.pass(200);
    expect(t.alerts.size).toBe(0);
    t.world['web'] = 'degraded';
    for (let i = 0; i < 2; i++) await t.engine.run('web');
    await t.pass(200);
    expect(t.alerts.has(key)).toBe(true);
    t.world['web'] = 'up';
    await t.engine.run('web');
    await t.pass(200);
    expect(t.alerts.size).toBe(0);
    t.world['low'] = 'degraded';
    for (let i = 0; i < 3; i++) await t.engine.run('low');
    await t.pass(200);
    expect(t.alerts.get('probe:low:degraded')?.severity).toBe('info');
    await t.change({ web: {} });
    expect(t.alerts.size).toBe(0);
  });

  test('is not raised in a maintenance window, nor for what another probe explains, nor while we are blind', async () => {
    const t = await rig(
      { gate: { failures: 1 }, web: { failures: 1, depends_on: ['gate'] }, idle: { failures: 1 } },
      { maintenance: { patches: { probes: ['idle'], from: '2000-01-01T00:00', until: '2100-01-01T00:00' } } },
    );
    Object.assign(t.world, { gate: 'down', web: 'degraded', idle: 'degraded' });
    for (const name of ['gate', 'web', 'idle']) await t.engine.run(name);
    await t.pass(200);
    expect(t.moves()).toEqual([
      'gate pending→down',
      'web pending→degraded because gate',
      'idle pending→degraded in patches',
    ]);
    expect(t.alerts.size).toBe(0);
  });
});
