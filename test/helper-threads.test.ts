import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { helpersGiveWay } from '../daemon/helper-threads.ts';
import { RUNBOOKS } from './helpers/app.ts';
import { Place } from './helpers/daemon.ts';
import { niceValues } from './helpers/nice.ts';

const linux = process.platform === 'linux';

test.skipIf(!linux)('the helpers of a process give way, and only they', async () => {
  const child = spawn(
    process.execPath,
    ['--v8-pool-size=3', '-e', 'setInterval(() => {}, 1000); console.log(1)'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child.stdout, 'data');
  const pid = child.pid ?? 0;
  expect((await niceValues(pid))['V8Worker']).toEqual([0, 0, 0]);
  expect(helpersGiveWay(pid)).toBe(3);
  const { V8Worker, ...others } = await niceValues(pid);
  expect(V8Worker).toEqual([10, 10, 10]);
  expect(new Set(Object.values(others).flat())).toEqual(new Set([0]));
});

test('a process that is gone is nothing to fail on', async () => {
  const child = spawn(process.execPath, ['-e', '0']);
  await once(child, 'exit');
  expect(helpersGiveWay(child.pid ?? 0)).toBe(0);
});

test.skipIf(!linux)(
  'those of a daemon do',
  async () => {
    const place = await Place.make({
      runbooks: RUNBOOKS,
      estate: 'version: 1\nestate: { name: test }\nprojects: { shop: { environments: { dev: {} } } }\n',
    });
    onTestFinished(() => place.close());
    const daemon = await place.start();
    const { V8Worker, ...others } = await niceValues(daemon.pid);
    expect(V8Worker).toEqual([10]);
    expect(new Set(Object.values(others).flat())).toEqual(new Set([0]));
  },
  60_000,
);
