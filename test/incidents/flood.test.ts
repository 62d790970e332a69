import { expect, test } from 'vitest';
import { Rig } from './rig.ts';

test('five hundred probes that go down at once are as many incidents, each with its alert, and all end', async () => {
  const names = Array.from({ length: 500 }, (_, i) => `p${i}`);
  const spec = { kind: 'tcp', project: 'shop', env: 'dev', host: 'h', port: 1 };
  const rig = await Rig.open({ healing: {}, probes: Object.fromEntries(names.map((name) => [name, spec])) });
  const all = (from: 'up' | 'down', to: 'up' | 'down') =>
    Promise.all(
      names.map((probe) =>
        rig.ledger.append('probe.transition', {
          probe,
          kind: 'tcp',
          from,
          to,
          since: rig.clock.now(),
          why: 'refused',
        }),
      ),
    );
  await all('up', 'down');
  await rig.pass(500);
  expect(rig.list().filter(({ state }) => state === 'open')).toHaveLength(500);
  expect(rig.outside.alerts.size).toBe(500);
  await all('down', 'up');
  await rig.pass(500);
  expect(rig.list().filter(({ state }) => state === 'resolved')).toHaveLength(500);
  expect(rig.outside.alerts.size).toBe(0);
  expect(rig.of('incident.postmortem')).toHaveLength(500);
  expect(rig.warnings).toEqual([]);
});
