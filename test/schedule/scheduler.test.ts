import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { fail } from '../../contracts/errors.ts';
import type { ScheduleSpec } from '../../contracts/estate.ts';
import { activeJobs } from '../../daemon/schedule/overlap.ts';
import { startTicker } from '../../daemon/schedule/ticker.ts';
import { hour, HOUR, setUp, START, tickAt } from './rig.ts';

test('a new schedule owes nothing of the past; its slots then fire once each with their lateness', async () => {
  const t = await setUp({ nightly: {} });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4) - 1);
  expect(t.fired).toEqual([]);
  await tickAt(t.clock, scheduler, hour(4) + 700);
  await tickAt(t.clock, scheduler, hour(4) + 1700);
  expect(t.fired).toEqual(['nightly@2026-01-02T04:00:00.000Z']);
  const [slot, ...more] = await t.records();
  expect(more).toEqual([]);
  expect(slot).toMatchObject({ schedule: 'nightly', slot: hour(4), outcome: 'ran', late_ms: 700 });
  expect(slot?.job_id).toBe(t.jobs.list({ status: 'RUNNING' })[0]?.spec.job_id);
  expect(scheduler.next('nightly')).toBe(hour(5));
});

test('no slot fires twice, however many schedulers tick at once', async () => {
  const t = await setUp({ nightly: { overlap: 'allow' } });
  const all = Array.from({ length: 20 }, () => t.make());
  await Promise.all(all.map((scheduler) => scheduler.start()));
  for (let n = 4; n < 9; n++) {
    await t.clock.advance(hour(n) - t.clock.now());
    await Promise.all(all.flatMap((scheduler) => [scheduler.tick(), scheduler.tick()]));
    await Promise.all(all.map((scheduler) => scheduler.idle()));
  }
  expect(t.fired).toHaveLength(5);
  expect(new Set(t.fired).size).toBe(5);
  const slots = await t.records();
  expect(slots.map(({ slot }) => slot)).toEqual([4, 5, 6, 7, 8].map(hour));
  expect(t.warnings).toEqual([]);
});

test('at_start runs at the start of each process, as a slot of its own', async () => {
  const t = await setUp({ drill: { at_start: true, cron: '0 5 * * *' } });
  const first = t.make();
  await first.start();
  await first.idle();
  await first.stop();
  for (const { id } of t.jobs.started.values()) t.jobs.end(id);
  await t.clock.advance(24 * HOUR);
  const second = t.make();
  await second.start();
  await second.idle();
  expect((await t.records()).map(({ slot, outcome, why }) => [slot, outcome, why])).toEqual([
    [START, 'ran', undefined],
    [hour(5), 'skipped', 'missed by 22 h; the run at start stands in for it'],
    [START + 24 * HOUR, 'ran', undefined],
  ]);
});

test('slots missed while nothing ran are caught up after a restart, each with its record', async () => {
  const t = await setUp({
    l: { catchup: 'latest' },
    s: { catchup: 'skip' },
    a: { catchup: 'all', overlap: 'allow' },
  });
  const first = t.make();
  await first.start();
  await first.stop();
  await t.clock.advance(hour(7) + 10 * 60_000 - t.clock.now());
  const second = t.make();
  await second.start();
  await second.idle();
  const outcomes = Object.groupBy(await t.records(), ({ schedule }) => schedule);
  expect(outcomes.l?.map(({ outcome }) => outcome)).toEqual(['skipped', 'skipped', 'skipped', 'ran']);
  expect(outcomes.l?.at(-1)?.late_ms).toBe(10 * 60_000);
  expect(outcomes.s?.map(({ outcome }) => outcome)).toEqual(Array(4).fill('skipped'));
  expect(outcomes.a?.map(({ outcome }) => outcome)).toEqual(Array(4).fill('ran'));
});

test('a claim that a crash left is fired at the next start, with the same anchor', async () => {
  const t = await setUp({ nightly: { catchup: 'skip' } });
  const first = t.make();
  await first.start();
  await t.clock.advance(hour(4) - t.clock.now());
  // What a process leaves that dies after the claim: its job may or may not have been queued.
  await t.ledger.append('schedule.claimed', { schedule: 'nightly', slot: hour(4) });
  const job = t.jobs.start('nightly@2026-01-02T04:00:00.000Z');
  await t.clock.advance(2 * HOUR);
  const second = t.make();
  await second.start();
  await second.idle();
  expect((await t.records())[0]).toMatchObject({
    slot: hour(4),
    outcome: 'ran',
    job_id: job,
    late_ms: 2 * HOUR,
  });
  expect(t.jobs.started.size).toBe(1);
});

test('overlap skip leaves a slot out while the job before it runs, and says so', async () => {
  const t = await setUp({ nightly: { overlap: 'skip' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  await tickAt(t.clock, scheduler, hour(5));
  const [job = ''] = activeJobs(t.jobs, 'nightly');
  t.jobs.end(job);
  await tickAt(t.clock, scheduler, hour(6));
  expect((await t.records()).map(({ outcome, why }) => [outcome, why])).toEqual([
    ['ran', undefined],
    ['skipped', `${job} has not ended; overlap is skip`],
    ['ran', undefined],
  ]);
});

test('overlap queue waits for the job before it; cancel_other ends it', async () => {
  const t = await setUp({ q: { overlap: 'queue' }, c: { overlap: 'cancel_other' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  const [queued = ''] = activeJobs(t.jobs, 'q');
  const [cancelled] = activeJobs(t.jobs, 'c');
  await t.clock.advance(hour(5) - t.clock.now());
  await scheduler.tick();
  while (t.jobs.cancelled.length === 0) await sleep(1);
  expect(t.fired.filter((id) => id.startsWith('q@'))).toHaveLength(1);
  t.jobs.end(queued);
  await scheduler.idle();
  expect(t.fired.filter((id) => id.startsWith('q@'))).toHaveLength(2);
  expect(t.jobs.cancelled).toEqual([cancelled]);
  expect(activeJobs(t.jobs, 'c')).toHaveLength(1);
});

test('attack 23: a slot that waited fires what the estate says then, not what it said before', async () => {
  const seen: string[] = [];
  const t: Awaited<ReturnType<typeof setUp>> = await setUp(
    { q: { overlap: 'queue' } },
    async (_name, spec, anchor) => {
      seen.push(spec.runbook);
      return { job_id: t.jobs.start(anchor.id) };
    },
  );
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  const [first = ''] = activeJobs(t.jobs, 'q');
  const accepted = t.config.schedules['q'] as ScheduleSpec;
  // Nobody accepted this one; it stands in the file only while the slot waits.
  t.config.schedules['q'] = { ...accepted, runbook: 'another' };
  await t.clock.advance(hour(5) - t.clock.now());
  await scheduler.tick();
  await sleep(5);
  t.config.schedules['q'] = accepted;
  t.jobs.end(first);
  await scheduler.idle();
  expect(seen).toEqual(['self-restore', 'self-restore']);
});

test('a slot that waits in the queue survives a stop and is fired after the next start', async () => {
  const t = await setUp({ q: { overlap: 'queue' } });
  const first = t.make();
  await first.start();
  await tickAt(t.clock, first, hour(4));
  await t.clock.advance(hour(5) - t.clock.now());
  await first.tick();
  await first.stop();
  expect(await t.records()).toHaveLength(1);
  for (const id of activeJobs(t.jobs, 'q')) t.jobs.end(id);
  const second = t.make();
  await second.start();
  await second.idle();
  expect((await t.records()).map(({ slot, outcome }) => [slot, outcome])).toEqual([
    [hour(4), 'ran'],
    [hour(5), 'ran'],
  ]);
  expect(t.warnings).toEqual([]);
});

test('a refusal at the door is the record of the slot, and the next slot is tried again', async () => {
  const refusal = fail('MANDATE_SUSPENDED', { mandate: 'schedule:nightly', why: 'its runbook changed' });
  const t = await setUp({ nightly: {} }, () => Promise.reject(refusal));
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  await tickAt(t.clock, scheduler, hour(5));
  const slots = await t.records();
  expect(slots.map(({ outcome }) => outcome)).toEqual(['refused', 'refused']);
  expect(slots[0]?.why).toBe(`MANDATE_SUSPENDED: ${refusal.message}`);
});

test('a changed cron line counts from its change on', async () => {
  const t = await setUp({ nightly: { cron: '0 5 * * *' } });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(10));
  // The estate is replaced as a whole.
  t.config.schedules = { nightly: { ...(t.config.schedules['nightly'] as ScheduleSpec), cron: '0 8 * * *' } };
  await tickAt(t.clock, scheduler, hour(11));
  expect(await t.records()).toHaveLength(1);
  await tickAt(t.clock, scheduler, hour(32));
  expect((await t.records()).map(({ slot }) => slot)).toEqual([hour(5), hour(32)]);
});

test('one unreadable schedule is reported once and does not keep the others from running', async () => {
  const t = await setUp({ broken: { cron: 'soon' }, nightly: {} });
  const scheduler = t.make();
  await scheduler.start();
  await tickAt(t.clock, scheduler, hour(4));
  expect(t.fired).toEqual(['nightly@2026-01-02T04:00:00.000Z']);
  expect(t.warnings).toHaveLength(1);
  expect(t.warnings[0]).toContain('schedule broken');
});

test('the ticker ticks by itself and stops when told', async () => {
  const ticks: number[] = [];
  const stop = await startTicker(() => void ticks.push(ticks.length));
  while (ticks.length < 2) await sleep(20);
  await stop();
  const seen = ticks.length;
  await sleep(1500);
  expect(ticks).toHaveLength(seen);
});
