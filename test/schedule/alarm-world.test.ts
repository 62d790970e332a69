import { expect, test } from 'vitest';
import { ESTATE, openWorld, RUNBOOKS } from '../helpers/app.ts';

const estate = `${ESTATE}
schedules:
  nightly: { runbook: touch, cron: '0 0 1 1 *', project: shop, env: dev, at_start: true }
`;

test('a slot that the mandate refuses raises an alert that people see, and ends when a slot has run', async () => {
  const world = await openWorld({ estate, runbooks: RUNBOOKS });
  await world.write('runbooks/touch.md', `${RUNBOOKS['touch.md'] ?? ''}\nChanged.\n`);
  await world.app.startSchedules();
  await world.app.running.scheduler.idle();
  const stop = world.app.running.watchSchedules();
  const open = (): string[] =>
    world.app.running.features.alerts
      .list()
      .filter(({ state }) => state === 'open')
      .map(({ key }) => key);
  await expect.poll(open, { timeout: 30_000 }).toContain('schedule:nightly:slip');
  await stop();
  const raised = await world.records('alert.raised');
  expect(raised.find(({ body }) => body.key === 'schedule:nightly:slip')?.body.text).toContain(
    'was refused: MANDATE_SUSPENDED',
  );

  const accepted = await world.as('root', {
    command: 'config accept',
    args: { mandate: 'schedule:nightly' },
    reason: 'read it',
    force: true,
  });
  expect(accepted.ok).toBe(true);
  await world.app.stop('test');
  await world.restart();
  await world.app.startSchedules();
  await world.app.running.scheduler.idle();
  const again = world.app.running.watchSchedules();
  await expect.poll(open, { timeout: 30_000 }).not.toContain('schedule:nightly:slip');
  await again();
});
