import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { collectAtRest, fullCollection } from '../daemon/rest.ts';
import { ManualClock } from './helpers/manual-clock.ts';

function watched() {
  const clock = new ManualClock();
  const world = { size: 5, running: false, collections: 0 };
  const stop = collectAtRest({
    clock,
    activity: () => world.size,
    busy: () => world.running,
    collect: () => (world.collections += 1),
  });
  return { clock, world, stop };
}
const MINUTE = 60_000;

test('one collection once the start is over, and none for doing nothing', async () => {
  const { clock, world } = watched();
  world.size += 20;
  await clock.advance(MINUTE);
  expect(world.collections).toBe(1);
  await clock.advance(24 * 60 * MINUTE);
  expect(world.collections).toBe(1);
});

test('never while a job runs or something happens', async () => {
  const { clock, world } = watched();
  world.running = true;
  await clock.advance(30 * MINUTE);
  expect(world.collections).toBe(0);
  world.running = false;
  for (let i = 0; i < 60; i++) {
    world.size += 1;
    await clock.advance(10_000);
  }
  expect(world.collections).toBe(0);
  await clock.advance(MINUTE);
  expect(world.collections).toBe(1);
});

test('again after more work, but not more than every ten minutes', async () => {
  const { clock, world } = watched();
  await clock.advance(MINUTE);
  for (let minute = 0; minute < 30; minute++) {
    world.size += 1;
    await clock.advance(MINUTE);
  }
  expect(world.collections).toBe(4);
});

test('stopped, it never looks again', async () => {
  const { clock, world, stop } = watched();
  stop();
  await clock.advance(60 * MINUTE);
  expect(world.collections).toBe(0);
});

test('a collection gives the pages of what is gone back; without the flag there is none', () => {
  expect(fullCollection()).toBeUndefined();
  const script = `
    import { fullCollection } from ${JSON.stringify(new URL('../daemon/rest.ts', import.meta.url).href)};
    let rows = Array.from({ length: 400_000 }, (_, i) => ({ i, text: 'row ' + i }));
    const full = process.memoryUsage().heapTotal;
    rows = [];
    fullCollection()();
    console.log(process.memoryUsage().heapTotal < full - 10 * 2 ** 20);`;
  const ran = spawnSync(process.execPath, ['--expose-gc', '--input-type=module', '-e', script], {
    encoding: 'utf8',
  });
  expect(ran.stderr + ran.stdout).toBe('true\n');
});
