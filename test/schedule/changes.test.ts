import { expect, test } from 'vitest';
import type { ScheduleSpec } from '../../contracts/estate.ts';
import { alarms } from '../../daemon/schedule/alarms.ts';
import { downtime } from '../../daemon/schedule/downtime.ts';
import { schedules } from '../../daemon/schedule/projection.ts';
import { hour, HOUR, setUp, START, tickAt } from './rig.ts';

type Rig = Awaited<ReturnType<typeof setUp>>;
const started = { reeve: '0', node: '0', pid: 1, config_version: `sha256:${'0'.repeat(64)}` };

/** The estate is replaced as a whole. */
function change(t: Rig, more: Partial<ScheduleSpec>): void {
  t.config.schedules = { nightly: { ...(t.config.schedules['nightly'] as ScheduleSpec), ...more } };
}
const raised = (t: Rig): (string | undefined)[] =>
  alarms({
    specs: t.config.schedules,
    state: t.state.get(schedules),
    downtime: t.state.get(downtime),
    next: () => null,
    now: t.clock.now(),
    recorded: t.ledger.lastTs(),
  }).map(({ key }) => key);
const rows = async (t: Rig) =>
  (await t.records()).map(({ slot, outcome, why }) => [(slot - hour(0)) / HOUR, outcome, why]);

test('a line that was changed while the daemon was down: the slots of the old one are each named, none is fired, and it is an alert', async () => {
  const t = await setUp({ nightly: { cron: '0 5,6,7 * * *', timezone: 'Europe/Berlin', catchup: 'all' } });
  await t.ledger.append('daemon.started', started);
  const first = t.make();
  await first.start();
  await first.stop();
  change(t, { cron: '30 9 * * *', timezone: 'UTC' });
  await t.clock.advance(hour(8) - t.clock.now());
  await t.ledger.append('daemon.started', started);
  const second = t.make();
  await second.start();
  await second.idle();
  const why = (ms: string): string => `missed by ${ms}; the schedule was changed before it could run`;
  expect(await rows(t)).toEqual([
    [4, 'skipped', why('4 h')],
    [5, 'skipped', why('3 h')],
    [6, 'skipped', why('2 h')],
  ]);
  expect(raised(t)).toEqual(['schedule:nightly:slip', 'schedule:downtime']);
  await tickAt(t.clock, second, hour(9) + HOUR / 2);
  expect(t.fired).toEqual(['nightly@2026-01-02T09:30:00.000Z']);
  expect(raised(t)).toEqual([]);
  // Its record says all that is needed to work that out again, after whatever change of its own.
  change(t, { cron: '30 9 * * *', dst: { gap: 'skip' } });
  await tickAt(t.clock, second, hour(10));
  change(t, { cron: '0 0 1 1 *' });
  await tickAt(t.clock, second, hour(11));
  expect(await rows(t)).toHaveLength(4);
});

test('a slot that waited for its jitter when the line was changed, and those of a paused one, say so', async () => {
  const t = await setUp({ nightly: { jitter: '3h', overlap: 'allow' } });
  const scheduler = t.make();
  await scheduler.start();
  // The lateness that the seed gives the slot of four o'clock is long enough to wait for.
  const next = scheduler.next('nightly') ?? 0;
  expect(next - hour(4)).toBeGreaterThan(60_000);
  await tickAt(t.clock, scheduler, hour(4) + 1000);
  change(t, { cron: '0 12 * * *', jitter: undefined });
  await tickAt(t.clock, scheduler, hour(4) + 2000);
  expect(await rows(t)).toEqual([
    [4, 'skipped', 'missed by 2 s; the schedule was changed before it could run'],
  ]);
  await scheduler.pause('nightly', 'ana', 'a move');
  await scheduler.stop();
  await t.clock.advance(hour(13) - t.clock.now());
  change(t, { cron: '0 20 * * *' });
  const second = t.make();
  await second.start();
  expect((await rows(t)).at(-1)).toEqual([12, 'skipped', 'paused by ana: a move']);
  expect(t.fired).toEqual([]);
});

test('the clock is set a day ahead and back: the slots of that day come, what ran ahead does not run twice, and people hear of it', async () => {
  const t = await setUp({ nightly: { cron: '0 */6 * * *', overlap: 'allow' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(6));
  t.clock.jump(24 * HOUR);
  await tickAt(t.clock, scheduler, hour(30) + 1000);
  const ahead = await rows(t);
  expect(ahead.map(([slot, outcome]) => `${slot} ${outcome}`)).toEqual([
    '6 ran',
    '12 skipped',
    '18 skipped',
    '24 skipped',
    '30 ran',
  ]);
  t.clock.jump(-24 * HOUR);
  await tickAt(t.clock, scheduler, hour(6) + 5000);
  expect(scheduler.next('nightly')).toBe(hour(12));
  expect(raised(t)).toEqual(['schedule:clock']);
  // A process that begins now finds the same.
  const next = t.make();
  for (const n of [12, 18, 24]) await tickAt(t.clock, n < 18 ? scheduler : next, hour(n) + 500);
  expect((await rows(t)).slice(ahead.length)).toEqual([
    [12, 'ran', undefined],
    [18, 'ran', undefined],
    [24, 'ran', undefined],
  ]);
  await tickAt(t.clock, next, hour(30) + 500);
  await tickAt(t.clock, next, hour(36));
  expect((await rows(t)).slice(ahead.length + 3)).toEqual([
    [30, 'skipped', 'its job was started when the clock stood ahead'],
    [36, 'ran', undefined],
  ]);
  expect(t.fired.filter((id) => id.endsWith('03T06:00:00.000Z'))).toHaveLength(1);
  expect(raised(t)).toEqual([]);
});

test('a schedule that comes while the clock is behind the ledger counts from now, not from the ledger; a small step is none', async () => {
  const t = await setUp({ nightly: {} });
  t.clock.jump(24 * HOUR);
  await t.ledger.append('daemon.started', started);
  t.clock.jump(-24 * HOUR);
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4) + 500);
  expect(t.fired).toEqual(['nightly@2026-01-02T04:00:00.000Z']);
  t.clock.jump(-20_000);
  await scheduler.tick();
  await tickAt(t.clock, scheduler, hour(4) + 1000);
  expect(t.fired).toHaveLength(1);
  expect(t.clock.now()).toBeGreaterThan(START);
});

test('what a start records before it is one, as that reeve.yaml was changed, does not hide that the daemon was down', async () => {
  const t = await setUp({ nightly: { catchup: 'skip' } });
  await t.ledger.append('daemon.started', started);
  await t.make().start();
  const { seen } = t.state.get(downtime);
  await t.clock.advance(hour(8) + HOUR / 2 - t.clock.now());
  await t.ledger.append('daemon.stopped', { why: 'stands for any record of the start', uptime_ms: 1 });
  await t.ledger.append('daemon.started', { ...started, absent_since: seen });
  await t.make().start();
  expect(t.state.get(downtime).gap).toEqual({ from: seen, to: t.clock.now() });
  expect(raised(t)).toContain('schedule:downtime');
});
