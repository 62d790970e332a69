import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ask, complaints } from '../../helpers/probing.ts';
import { tempDir } from '../../helpers/ledger.ts';

/** A process that sleeps so many seconds: the number makes its command line its own. */
async function sleeper(seconds: string): Promise<ChildProcess> {
  const child = spawn('sleep', [seconds], { stdio: 'ignore' });
  await once(child, 'spawn');
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const unique = (): string => `86400.${process.pid}${Math.floor(performance.now() * 1000)}`;

test('counts by name and command line', async () => {
  const seconds = unique();
  const cmdline = `sleep ${seconds}`;
  expect(await ask('process', { name: 'sleep', cmdline })).toMatchObject({
    verdict: 'down',
    why: `sleep as "${cmdline}" does not run`,
    figures: { count: 0 },
  });
  await sleeper(seconds);
  const second = await sleeper(seconds);
  for (const pattern of [cmdline, `*${seconds}`, `sl*${seconds.slice(0, -2)}*`])
    expect(await ask('process', { cmdline: pattern, min: 2, max: 2 })).toMatchObject({
      verdict: 'up',
      figures: { count: 2, oldest_ms: expect.any(Number) },
    });
  expect(await ask('process', { cmdline: `${seconds}*` })).toMatchObject({ verdict: 'down' });
  expect(await ask('process', { cmdline, max: 1 })).toMatchObject({
    verdict: 'down',
    why: expect.stringContaining('runs 2 times, at most 1'),
  });
  second.kill('SIGKILL');
  await once(second, 'exit');
  expect(await ask('process', { cmdline, min: 2 })).toMatchObject({ verdict: 'down' });
});

test('age: younger or older than it may be', async () => {
  const seconds = unique();
  await sleeper(seconds);
  const cmdline = `sleep ${seconds}`;
  expect(await ask('process', { cmdline, min_age: '1h' })).toMatchObject({
    verdict: 'degraded',
    why: expect.stringContaining('was started'),
  });
  // This process is older than a millisecond.
  const pidfile = join(await tempDir(), 'pid');
  await writeFile(pidfile, `${process.pid}`);
  expect(await ask('process', { pidfile, max_age: '1ms' })).toMatchObject({
    verdict: 'degraded',
    why: expect.stringContaining('has run for'),
  });
});

test('pidfile: the process in it, which must be what it should be', async () => {
  const root = await tempDir();
  const pidfile = 'it.pid';
  expect(await ask('process', { pidfile }, { root })).toMatchObject({
    verdict: 'down',
    why: `there is no pidfile ${root}/it.pid`,
  });
  const child = await sleeper(unique());
  await writeFile(join(root, pidfile), `${child.pid}\n/var/lib/it\n5432\n`);
  expect(await ask('process', { pidfile, name: 'sleep' }, { root })).toMatchObject({ verdict: 'up' });
  // The number was given to another program meanwhile.
  expect(await ask('process', { pidfile, name: 'postgres' }, { root })).toMatchObject({ verdict: 'down' });
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(await ask('process', { pidfile }, { root })).toMatchObject({ verdict: 'down' });
  for (const text of ['', 'sleep', '12x', '99999999999'])
    expect(
      (await writeFile(join(root, pidfile), text), await ask('process', { pidfile }, { root })),
    ).toMatchObject({
      verdict: 'down',
      why: expect.stringContaining('holds no process id'),
    });
});

test('mistakes in its part of reeve.yaml', () => {
  expect(complaints('process', {})).toHaveLength(1);
  expect(complaints('process', { name: 'x', min: 3, max: 2 })).toHaveLength(1);
  expect(complaints('process', { name: 'x', min_age: '2m', max_age: '1m' })).toHaveLength(1);
});
