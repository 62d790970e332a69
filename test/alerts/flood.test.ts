import { expect, onTestFinished, test } from 'vitest';
import { MAX_OPEN_ALERTS } from '../../contracts/records/alert.ts';
import { newSigner, openTest, tempDir } from '../helpers/ledger.ts';
import { receiver } from './receiver.ts';
import { KEY, openRig, projections } from './rig.ts';

test('a flood of 10,000 alerts is a handful of messages and a bounded table', async () => {
  const server = await receiver();
  const real = await openTest(await tempDir(), newSigner(), { projections });
  const chat = { kind: 'webhook', url: server.url, secret: 'key' };
  const rig = openRig({
    alerts: { channels: { chat }, routes: [{ channels: ['chat'], group_wait: '10s' }] },
    allow: [server.host],
    secrets: { key: KEY },
    clock: real.clock,
    real,
  });
  onTestFinished(async () => {
    await rig.stop();
    await real.ledger.close();
  });
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => rig.raise(`probe:p${i}`)));
  const told = (): string[] => server.got.flatMap((got) => got.json.data?.alerts.map((a) => a.key) ?? []);
  const nothingWaits = (): boolean => Object.keys(rig.state().waiting).length === 0;
  while (!told().includes('alerts:overflow') || !nothingWaits()) await rig.pass(1000);
  const state = rig.state();
  expect(state.size).toBe(MAX_OPEN_ALERTS + 1);
  expect(state.overflow).toBe(10_000 - MAX_OPEN_ALERTS);
  expect(server.got.length).toBeLessThanOrEqual(3);
  const first = server.got.find((got) => got.json.data?.others === 1980)?.json.data;
  expect(first?.title).toContain('2,000 alerts (2000 page)');
  expect(first?.alerts).toHaveLength(20);
  expect(JSON.stringify(state).length).toBeLessThan(2_000_000);
  await Promise.all(Array.from({ length: 10_000 }, (_, i) => rig.alerts.resolve(`probe:p${i}`, 'up')));
  const pending = (): boolean =>
    rig.state().closed.some((row) => Object.values(row.told).some((one) => one.heard && !one.ended));
  while (rig.state().size > 0 || pending() || !nothingWaits()) await rig.pass(1000);
  expect(rig.alerts.list().filter((alert) => alert.state === 'open')).toEqual([]);
  expect(server.got.length).toBeLessThanOrEqual(8);
});
