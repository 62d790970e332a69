import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { systemClock, watchClock, type ClockJump } from '../../daemon/clock.ts';
import { ManualClock } from '../helpers/manual-clock.ts';

const HOUR = 3_600_000;

function watched(): { clock: ManualClock; jumps: ClockJump[]; stop: () => void } {
  const clock = new ManualClock();
  const jumps: ClockJump[] = [];
  return { clock, jumps, stop: watchClock(clock, (jump) => jumps.push(jump)) };
}

test('a clock that runs evenly is never reported', async () => {
  const { clock, jumps } = watched();
  await clock.advance(24 * HOUR);
  expect(jumps).toEqual([]);
});

test('a slewed clock (0.5 ms a second) is never reported', async () => {
  const { clock, jumps } = watched();
  for (let i = 0; i < 5000; i++) {
    await clock.advance(1000);
    clock.jump(0.5);
  }
  expect(jumps).toEqual([]);
});

test('attack 28: an hour back is reported once', async () => {
  const { clock, jumps } = watched();
  await clock.advance(5000);
  clock.jump(-HOUR);
  await clock.advance(10_000);
  expect(jumps).toEqual([{ by_ms: -HOUR, seen: 'back' }]);
});

test('attack 29: an hour ahead is reported once', async () => {
  const { clock, jumps } = watched();
  await clock.advance(5000);
  clock.jump(HOUR);
  await clock.advance(10_000);
  expect(jumps).toEqual([{ by_ms: HOUR, seen: 'forward' }]);
});

test('attack 30: a suspended machine is told from a clock that was set', async () => {
  const { clock, jumps } = watched();
  await clock.advance(5000);
  clock.suspend(3 * HOUR);
  await clock.advance(10_000);
  expect(jumps).toEqual([{ by_ms: 3 * HOUR, seen: 'suspended' }]);
});

test('attack 28: set back while asleep is reported as set back', async () => {
  const { clock, jumps } = watched();
  clock.suspend(2 * HOUR);
  clock.jump(-3 * HOUR);
  await clock.advance(1000);
  expect(jumps).toEqual([{ by_ms: -3 * HOUR, seen: 'back' }]);
});

test('stopped, the watch leaves no timer behind', async () => {
  const { clock, jumps, stop } = watched();
  await clock.advance(3000);
  stop();
  clock.jump(HOUR);
  await clock.advance(3000);
  expect([clock.pending, jumps]).toEqual([0, []]);
});

test('the system clock sleeps, aborts with the reason given, and takes delays beyond 2^31 ms', async () => {
  await systemClock.sleep(1);
  const why = new Error('enough');
  await expect(systemClock.sleep(1e12, { signal: AbortSignal.abort(why) })).rejects.toBe(why);
  const controller = new AbortController();
  const long = systemClock.sleep(2 ** 31 + 5, { signal: controller.signal });
  const first = Promise.race([long.then(() => 'fired at once'), systemClock.sleep(20).then(() => 'waits')]);
  expect(await first).toBe('waits');
  controller.abort(why);
  await expect(long).rejects.toBe(why);
});

test('`after` can be cancelled and does not keep the process alive', () => {
  const code = `
    import { systemClock } from ${JSON.stringify(new URL('../../daemon/clock.ts', import.meta.url).href)};
    systemClock.after(1e9, () => {});
    systemClock.after(1, () => process.stdout.write('cancelled one fired'))();
    await systemClock.sleep(20);
    process.stdout.write('end');
  `;
  const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], { timeout: 30_000 });
  expect(out.toString()).toBe('end');
});

test('the monotonic clock and the uptime never go back', async () => {
  const before = [systemClock.monotonic(), systemClock.uptime?.() ?? 0];
  await systemClock.sleep(15);
  const after = [systemClock.monotonic(), systemClock.uptime?.() ?? 0];
  expect(after[0]).toBeGreaterThan(before[0] ?? 0);
  expect(after[1]).toBeGreaterThanOrEqual(before[1] ?? 0);
});
