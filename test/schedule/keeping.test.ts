import { expect, test } from 'vitest';
import type { AlertBody } from '../../contracts/records/alert.ts';
import type { AlertView } from '../../daemon/ports/alerts.ts';
import { alarms, settleAlarms, SLIP_MS, type AlarmView } from '../../daemon/schedule/alarms.ts';
import { downtime } from '../../daemon/schedule/downtime.ts';
import { schedules } from '../../daemon/schedule/projection.ts';
import { hour, HOUR, setUp, START, tickAt } from './rig.ts';

type Rig = Awaited<ReturnType<typeof setUp>>;
const HEX = 'a'.repeat(32);

const view = (t: Rig, next: (name: string) => number | null = () => null): AlarmView => ({
  specs: t.config.schedules,
  state: t.state.get(schedules),
  downtime: t.state.get(downtime),
  next,
  now: t.clock.now(),
  recorded: t.ledger.lastTs(),
});
const byText = (a: unknown, b: unknown): number => String(a).localeCompare(String(b));
const keys = (found: AlertBody[]): string[] => found.map(({ key }) => key);

test('paused: each slot is skipped with who and why; resumed: the next one runs', async () => {
  const t = await setUp({ nightly: {} });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  expect(await scheduler.pause('nightly', 'ana', 'moving the disk')).toBe(true);
  expect(await scheduler.pause('nightly', 'ben', 'again')).toBe(false);
  await tickAt(t.clock, scheduler, hour(5));
  await tickAt(t.clock, scheduler, hour(6));
  expect(await scheduler.resume('nightly', 'ana', 'moved')).toBe(true);
  expect(await scheduler.resume('nightly', 'ana', 'moved')).toBe(false);
  for (const id of t.jobs.started.values()) t.jobs.end(id.id);
  await tickAt(t.clock, scheduler, hour(7));
  expect((await t.records()).map(({ outcome, why }) => [outcome, why])).toEqual([
    ['ran', undefined],
    ['skipped', 'paused by ana: moving the disk'],
    ['skipped', 'paused by ana: moving the disk'],
    ['ran', undefined],
  ]);
  expect(keys(alarms(view(t)))).toEqual([]);
});

test('paused while slots wait: none of them starts any more; what was queued already has run', async () => {
  const t = await setUp({ q: { overlap: 'queue' }, filled: { overlap: 'queue' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  const running = [...t.jobs.started.values()].map(({ id }) => id);
  await t.clock.advance(hour(5) - t.clock.now());
  await scheduler.tick();
  await scheduler.backfill('filled', [hour(1), hour(2)], 'ben', 'the host was down');
  await scheduler.pause('q', 'ana', 'it deletes too much');
  await scheduler.pause('filled', 'ana', 'it deletes too much');
  for (const id of running) t.jobs.end(id);
  await scheduler.idle();
  expect(t.fired).toHaveLength(2);
  const why = 'paused by ana: it deletes too much';
  const rows = (await t.records()).slice(2).map((row) => [row.schedule, row.slot, row.outcome, row.why]);
  expect(rows.toSorted(byText)).toEqual([
    ['filled', hour(1), 'skipped', why],
    ['filled', hour(2), 'skipped', why],
    ['filled', hour(5), 'skipped', why],
    ['q', hour(5), 'skipped', why],
  ]);
  expect(t.state.get(schedules)).toMatchObject({ q: { open: [] }, filled: { open: [], backfill: [] } });

  // Its job was queued before the crash that kept its record from being written.
  await scheduler.resume('q', 'ana', 'repaired');
  await t.ledger.append('schedule.claimed', { schedule: 'q', slot: hour(6) });
  const job = t.jobs.start('q@2026-01-02T06:00:00.000Z');
  await t.clock.advance(hour(6) - t.clock.now());
  await scheduler.pause('q', 'ana', 'again');
  const next = t.make();
  await next.start();
  await next.idle();
  const last = (await t.records()).filter((row) => row.schedule === 'q').at(-1);
  expect(last).toMatchObject({ slot: hour(6), outcome: 'ran', job_id: job });
});

test('a slot that waited when the daemon went down is held against the catch-up policy when it is back', async () => {
  const specs = {
    skip: { catchup: 'skip' },
    window: { catchup: 'latest', catchup_window: '6h' },
    latest: { catchup: 'latest', overlap: 'allow' },
  } as const;
  for (const [away, ran] of [
    [30_000, ['latest', 'skip', 'window']],
    [48 * HOUR, ['latest']],
  ] as const) {
    const t = await setUp(specs);
    for (const schedule of Object.keys(specs)) {
      await t.ledger.append('schedule.defined', {
        schedule,
        digest: `sha256:${'0'.repeat(64)}`,
        cron: '0 * * * *',
        timezone: 'UTC',
      });
      await t.ledger.append('schedule.claimed', { schedule, slot: hour(3) });
    }
    await t.clock.advance(away);
    await t.ledger.append('daemon.started', {
      reeve: '0',
      node: '24',
      pid: 1,
      config_version: `sha256:${'0'.repeat(64)}`,
    });
    const scheduler = t.make();
    await scheduler.start();
    await scheduler.idle();
    const at = 'T03:00:00.000Z';
    expect(
      t.fired
        .filter((id) => id.endsWith(`2026-01-02${at}`))
        .map((id) => id.split('@')[0])
        .toSorted(byText),
      String(away),
    ).toEqual(ran);
    const skipped = (await t.records()).filter((row) => row.slot === hour(3) && row.outcome === 'skipped');
    expect(skipped.map(({ schedule, why }) => [schedule, why]).toSorted(byText)).toEqual(
      away === 30_000
        ? []
        : [
            ['skip', 'missed by 2 d while the daemon was down; catchup is skip'],
            ['window', 'missed by 2 d while the daemon was down; the window of catchup is 6 h'],
          ],
    );
  }
});

test('backfill: slots of the past run one after the other, once, and say what they are', async () => {
  const t = await setUp({ nightly: {} });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  const past = [hour(1), hour(2), hour(3)];
  expect(await scheduler.backfill('nightly', [...past, hour(2)], 'ana', 'the host was down')).toEqual(past);
  expect(await scheduler.backfill('nightly', past, 'ana', 'twice')).toEqual([]);
  // Each waits for the job before it.
  for (let n = 2; n <= 4; n++) {
    for (const { id } of t.jobs.started.values()) t.jobs.end(id);
    await expect.poll(() => t.fired.length, { timeout: 30_000 }).toBe(n);
  }
  await scheduler.idle();
  expect(t.fired.slice(1)).toEqual([1, 2, 3].map((n) => `nightly@2026-01-02T0${n}:00:00.000Z`));
  const filled = (await t.records()).filter((row) => row.backfill === true);
  expect(filled.map(({ slot, outcome }) => [slot, outcome])).toEqual(past.map((slot) => [slot, 'ran']));
  // What is due next is not changed by the past.
  expect(scheduler.next('nightly')).toBe(hour(5));
  expect(keys(alarms(view(t)))).toEqual([]);
});

test('backfill that a crash cut off goes on with the next scheduler', async () => {
  const t = await setUp({ nightly: { overlap: 'allow' } });
  const first = t.make();
  await first.start();
  await t.ledger.append('schedule.backfill', {
    schedule: 'nightly',
    slots: [hour(1)],
    by: 'ana',
    reason: 'x',
  });
  const second = t.make();
  await second.start();
  await second.idle();
  expect(t.fired).toEqual(['nightly@2026-01-02T01:00:00.000Z']);
  expect(t.state.get(schedules)['nightly']).toMatchObject({ open: [], backfill: [] });
});

test('catchup: the window and the cap of a schedule are its own', async () => {
  const t = await setUp({
    all: { catchup: 'all', catchup_cap: 2, overlap: 'allow' },
    narrow: { catchup: 'latest', catchup_window: '15m', overlap: 'allow' },
  });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(9) + HOUR / 2);
  expect(t.fired.toSorted()).toEqual(['all@2026-01-02T08:00:00.000Z', 'all@2026-01-02T09:00:00.000Z']);
  const why = (await t.records()).filter((row) => row.schedule === 'narrow').at(-1)?.why;
  expect(why).toBe('missed by 30 min; the window of catchup is 15 min');
});

test('a slot that is late, refused, or never taken raises an alert; the next good one ends it', async () => {
  const t = await setUp({ nightly: { overlap: 'allow' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4) + SLIP_MS + 1000);
  expect(alarms(view(t))).toMatchObject([
    { key: 'schedule:nightly:slip', source: 'schedule', severity: 'warn', project: 'reeve' },
  ]);
  expect(alarms(view(t))[0]?.text).toContain('2026-01-02T04:00:00.000Z ran late by 5 min');
  await tickAt(t.clock, scheduler, hour(5));
  expect(alarms(view(t))).toEqual([]);
  // Nobody ticks any more.
  await t.clock.advance(HOUR + SLIP_MS + 1000);
  expect(alarms(view(t, (name) => scheduler.next(name)))[0]?.text).toContain(
    'The slot of 2026-01-02T06:00:00.000Z is overdue',
  );
});

test('what has not passed for longer than max_age raises an alert until it has', async () => {
  const t = await setUp({ nightly: { overlap: 'allow', max_age: '2h' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  await t.clock.advance(hour(7) - t.clock.now());
  expect(keys(alarms(view(t)))).toEqual(['schedule:nightly:age']);
  await t.ledger.append('job.queued', queued('nightly@2026-01-02T04:00:00.000Z'));
  await t.ledger.append('job.attempt', {
    fence: 1,
    owner: 'x',
    attempt: {
      job_id: `job_${HEX}`,
      attempt_id: `job_${HEX}.1`,
      status: 'PASS',
      created_at_utc: '2026-01-02T04:00:00.000Z',
      updated_at_utc: '2026-01-02T07:00:00.000Z',
    },
  });
  expect(alarms(view(t))).toEqual([]);
  await t.clock.advance(2 * HOUR + 1);
  expect(alarms(view(t))[0]?.text).toContain('It passed last at 2026-01-02T07:00:00.000Z.');
});

test('a daemon that was down over a slot says so, until the schedule has run again', async () => {
  const t = await setUp({ nightly: { overlap: 'allow', catchup: 'skip' }, idle: { cron: '0 0 1 1 *' } });
  const started = { reeve: '0', node: '0', pid: 1, config_version: `sha256:${'0'.repeat(64)}` };
  await t.ledger.append('daemon.started', started);
  await t.make().start();
  await t.clock.advance(hour(8) + HOUR / 2 - START);
  await t.ledger.append('daemon.started', started);
  const second = t.make();
  await second.start();
  const [down] = alarms(view(t)).filter(({ key }) => key === 'schedule:downtime');
  expect(down?.text).toContain('From 2026-01-02T03:04:05.000Z to 2026-01-02T08:30:00.000Z nothing ran here.');
  expect(down?.text).toContain('not run since: nightly.');
  // That somebody restarts it once more makes none of them run.
  await t.clock.advance(60_000);
  await t.ledger.append('daemon.started', started);
  const third = t.make();
  await third.start();
  const again = alarms(view(t)).find(({ key }) => key === 'schedule:downtime');
  expect(again?.text).toContain('From 2026-01-02T03:04:05.000Z to 2026-01-02T08:31:00.000Z');
  expect(again?.text).toContain('not run since: nightly.');
  await tickAt(t.clock, second, hour(9));
  expect(alarms(view(t))).toEqual([]);
});

test('alerts follow what is wrong: raised once each time, resolved when it is over, others left alone', async () => {
  const t = await setUp({ nightly: { overlap: 'allow' } });
  const open = new Map<string, AlertBody>();
  open.set('probe:web', { key: 'probe:web', severity: 'page', source: 'probe', title: 'x', text: '' });
  const port = {
    raise: async (alert: AlertBody) => void open.set(alert.key, alert),
    resolve: async (key: string) => void open.delete(key),
    list: () => [...open.values()].map((alert) => ({ ...alert, state: 'open' }) as AlertView),
  };
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4) + SLIP_MS + 1);
  await settleAlarms(port, view(t));
  expect([...open.keys()]).toEqual(['probe:web', 'schedule:nightly:slip']);
  await tickAt(t.clock, scheduler, hour(5));
  await settleAlarms(port, view(t));
  expect([...open.keys()]).toEqual(['probe:web']);
});

test('ten thousand schedules each fire their slot once, and only what is due is looked at', async () => {
  const many: Parameters<typeof setUp>[0] = {};
  for (let n = 0; n < 10_000; n++) many[`s${n}`] = { cron: `${n % 60} * * * *`, overlap: 'allow' };
  const t = await setUp(many);
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(3) + 5 * 60_000);
  // Minute 5 alone: 166 or 167 of them.
  expect(t.fired).toHaveLength(167);
  expect(new Set(t.fired).size).toBe(167);
});

function queued(anchor: string) {
  const digest = `sha256:${'0'.repeat(64)}`;
  return {
    job: {
      job_id: `job_${HEX}`,
      action: 'run',
      runbook: 'self-restore',
      runbook_digest: digest,
      config_version: digest,
      plan_digest: digest,
      project: 'reeve',
      env: 'local',
      inputs: {},
      inputs_digest: digest,
      anchor: { kind: 'slot' as const, id: anchor },
      requested_by: 'daemon',
      grant_id: `gr_${'0'.repeat(24)}`,
      reason: 'schedule nightly',
      plan: { ref: digest },
    },
  };
}
