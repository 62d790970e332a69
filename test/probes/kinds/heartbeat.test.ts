import { expect, test } from 'vitest';
import type { Json } from '../../../contracts/json.ts';
import type { ProbeMemo } from '../../../daemon/ports/probe-kinds.ts';
import { expectFit, keptMemo, openProbe } from '../../helpers/probing.ts';
import { ManualClock } from '../../helpers/manual-clock.ts';

const MIN = 60_000;
const HOUR = 60 * MIN;

/** A heartbeat on a clock of its own; `restart` is a daemon that stops and starts again so much later. */
function world(options: Record<string, unknown> = { every: '1h', grace: '10m' }) {
  const clock = new ManualClock();
  const memo = keptMemo();
  const open = () => openProbe('heartbeat', options, { clock, memo });
  const w = {
    clock,
    memo,
    prober: open(),
    async verdict(): Promise<string> {
      const finding = await w.prober.run(AbortSignal.timeout(5000));
      expectFit(finding);
      return finding.why === '' ? finding.verdict : `${finding.verdict}: ${finding.why}`;
    },
    push: async (event: 'start' | 'ping' | 'fail', text = '') => w.prober.push?.(event, text),
    async restart(ms: number): Promise<void> {
      await w.prober.close();
      clock.jump(ms);
      w.prober = open();
    },
  };
  return w;
}

test('calls in time are up; silence beyond the grace is down, and the next call ends it', async () => {
  const w = world();
  expect(await w.verdict()).toBe('inconclusive: it waits for the first call of its push URL');
  await w.push('ping');
  expect(await w.verdict()).toBe('up');
  w.clock.jump(70 * MIN);
  expect(await w.verdict()).toBe('up');
  w.clock.jump(1);
  expect(await w.verdict()).toBe('down: no call for 70 min (every 60 min, grace 10 min)');
  await w.push('ping');
  expect(await w.verdict()).toBe('up');
});

test('a job that never calls is down after its time, also over restarts', async () => {
  const w = world();
  await w.verdict();
  w.clock.jump(71 * MIN);
  expect(await w.verdict()).toBe('down: the job has never called, in 71 min');
  await w.restart(MIN);
  expect(await w.verdict()).toMatch(/^down: the job has never called/);
});

test('start, finish and fail; a run that takes too long', async () => {
  const w = world({ every: '1h', grace: '10m', max_runtime: '30m' });
  await w.push('start');
  w.clock.jump(29 * MIN);
  expect(await w.verdict()).toBe('up');
  w.clock.jump(2 * MIN);
  expect(await w.verdict()).toBe('down: the job began 31 min ago and has not ended (at most 30 min)');
  await w.push('ping');
  expect(await w.verdict()).toBe('degraded: the last run took 31 min, over 30 min');
  await w.push('start');
  w.clock.jump(5 * MIN);
  await w.push('ping');
  const finding = await w.prober.run(AbortSignal.timeout(5000));
  expect(finding).toMatchObject({ verdict: 'up', figures: { runtime_ms: 5 * MIN, silent_ms: 0 } });
  await w.push('fail', ' disk\nfull \u001b[31m ');
  expect(await w.verdict()).toBe('down: the job said that it failed: disk\\nfull \\u{1b}[31m');
  // A failure stays one, however much time passes, until the job says otherwise.
  w.clock.jump(10 * HOUR);
  expect(await w.verdict()).toMatch(/^down: the job said/);
  await w.push('ping');
  expect(await w.verdict()).toBe('up');
});

test('a restart does not cry wolf: calls outlive it, and one that was due meanwhile is excused once', async () => {
  const w = world();
  await w.push('ping');
  await w.restart(5 * MIN);
  expect(await w.verdict()).toBe('up');
  // Down from 0:05 until 1:20; the call of 1:00 found nobody.
  await w.restart(75 * MIN);
  expect(await w.verdict()).toBe(
    'inconclusive: a call was due while the daemon was down; it waits for the next one',
  );
  w.clock.jump(69 * MIN);
  expect(await w.verdict()).toMatch(/^inconclusive/);
  await w.push('ping');
  expect(await w.verdict()).toBe('up');
});

test('a dead job is found also by a daemon that is restarted all the time', async () => {
  const w = world();
  await w.push('ping');
  const seen: string[] = [];
  for (let i = 0; i < 8; i++) {
    await w.restart(50 * MIN);
    seen.push((await w.verdict()).split(':')[0] ?? '');
  }
  expect(seen).toEqual(['up', 'inconclusive', 'down', 'down', 'down', 'down', 'down', 'down']);
});

test('what was down before a restart is down after it', async () => {
  const w = world();
  await w.push('ping');
  w.clock.jump(2 * HOUR);
  expect(await w.verdict()).toMatch(/^down/);
  await w.restart(MIN);
  expect(await w.verdict()).toMatch(/^down/);
  const failing = world();
  await failing.push('fail', 'no');
  await failing.restart(5 * HOUR);
  expect(await failing.verdict()).toBe('down: the job said that it failed: no');
});

test('a job that was running over a restart may have ended meanwhile', async () => {
  const w = world({ every: '1h', grace: '10m', max_runtime: '5m' });
  await w.push('start');
  await w.restart(6 * MIN);
  expect(await w.verdict()).toMatch(/^inconclusive/);
  w.clock.jump(71 * MIN);
  expect(await w.verdict()).toMatch(/^down: the job began/);
});

test('runs save nothing; a clock set back makes nothing overdue', async () => {
  const w = world();
  await w.push('ping');
  const { saves } = w.memo;
  for (let i = 0; i < 20; i++) {
    w.clock.jump(MIN);
    await w.verdict();
  }
  expect(w.memo.saves).toBe(saves);
  w.clock.jump(-5 * HOUR);
  expect(await w.verdict()).toBe('up');
});

test('a call that came while the clock was ahead does not keep the job alive until then', async () => {
  const w = world();
  await w.push('ping');
  w.clock.jump(365 * 24 * HOUR);
  await w.push('ping');
  w.clock.jump(-365 * 24 * HOUR);
  expect(await w.verdict()).toBe('up');
  w.clock.jump(71 * MIN);
  expect(await w.verdict()).toMatch(/^down: no call for 71 min/);
  await w.restart(0);
  expect(await w.verdict()).toMatch(/^down: no call for 71 min/);
});

test('a disk that keeps nothing: the caller hears of it, the probe is inconclusive and recovers', async () => {
  let broken = true;
  let value: Json | undefined;
  const memo: ProbeMemo = {
    load: () => Promise.resolve(value),
    save(next) {
      if (broken) return Promise.reject(new Error('ENOSPC: no space left on device'));
      value = structuredClone(next);
      return Promise.resolve();
    },
  };
  const prober = openProbe('heartbeat', { every: '1h' }, { clock: new ManualClock(), memo });
  await expect(prober.push?.('ping', '')).rejects.toThrow('ENOSPC');
  expect(await prober.run(AbortSignal.timeout(5000))).toMatchObject({ verdict: 'inconclusive' });
  broken = false;
  await prober.push?.('ping', '');
  expect(await prober.run(AbortSignal.timeout(5000))).toMatchObject({ verdict: 'up' });
});

test('a damaged memo is as good as none', async () => {
  const memo = keptMemo();
  await memo.save({ v: 9, last: 'yesterday' });
  const prober = openProbe('heartbeat', { every: '1h' }, { clock: new ManualClock(), memo });
  expect(await prober.run(AbortSignal.timeout(5000))).toMatchObject({ verdict: 'inconclusive' });
});
