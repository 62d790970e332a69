import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { hungMount } from '../../helpers/disk.ts';
import { ask, complaints, openProbe } from '../../helpers/probing.ts';
import { tempDir } from '../../helpers/ledger.ts';

const easy = { warn: '0%', crit: '0%', inodes_warn: 0, inodes_crit: 0 };

test('a file system with enough room is up and says how much; paths are below the root', async () => {
  const root = await tempDir();
  await writeFile(join(root, 'data'), '');
  expect(await ask('disk', { path: 'data', ...easy }, { root })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    figures: { free_bytes: expect.any(Number), free_percent: expect.any(Number) },
  });
});

test('too little room is degraded, much too little is down; bytes and per cent', async () => {
  const path = await tempDir();
  for (const amount of ['100%', '8000TiB']) {
    expect(await ask('disk', { path, ...easy, warn: amount })).toMatchObject({
      verdict: 'degraded',
      why: expect.stringMatching(/^only \S+ \w+ \([\d.]+ %\) of .* are free at \//),
    });
    expect(await ask('disk', { path, ...easy, warn: amount, crit: amount })).toMatchObject({
      verdict: 'down',
    });
  }
});

test('inodes run out on their own', async () => {
  const path = await tempDir();
  expect(await ask('disk', { path, ...easy, inodes_warn: 100 })).toMatchObject({
    verdict: 'degraded',
    why: expect.stringContaining('of the inodes'),
  });
  expect(await ask('disk', { path, ...easy, inodes_crit: 100 })).toMatchObject({ verdict: 'down' });
  // /proc has neither blocks nor inodes: nothing is running out there.
  expect(await ask('disk', { path: '/proc', mount: true })).toMatchObject({ verdict: 'up' });
});

test('a missing path or a mount that is gone is down', async () => {
  const root = await tempDir();
  expect(await ask('disk', { path: 'gone', ...easy }, { root })).toMatchObject({
    verdict: 'down',
    why: `${root}/gone does not exist`,
  });
  expect(await ask('disk', { path: '/', mount: true, ...easy })).toMatchObject({ verdict: 'up' });
  expect(await ask('disk', { path: root, mount: true, ...easy })).toMatchObject({
    verdict: 'down',
    why: `nothing is mounted at ${root}`,
  });
  await rm(root, { recursive: true });
  expect(await ask('disk', { path: root, ...easy })).toMatchObject({ verdict: 'down' });
});

test('a mount whose server is gone: down in time, one thread waits for it at most, and others are looked at', async (context) => {
  const { folder, answer } = await hungMount(context);
  const prober = openProbe('disk', { path: folder, mount: true, ...easy });
  const late = await prober.run(AbortSignal.timeout(200));
  expect(late).toMatchObject({ verdict: 'down', why: `${folder} did not answer in time` });
  // The call of before is still in the kernel: more of them would take every thread of the pool.
  for (let i = 0; i < 10; i++)
    expect(await prober.run(AbortSignal.timeout(10_000))).toMatchObject({
      verdict: 'down',
      why: `${folder} has not answered since an earlier run`,
    });
  expect(await ask('disk', { path: '/', ...easy })).toMatchObject({ verdict: 'up' });
  await answer();
  // What waited has ended; now the kernel itself says that nobody is there.
  await expect
    .poll(async () => (await prober.run(AbortSignal.timeout(10_000))).why, { timeout: 30_000 })
    .toMatch(/cannot be looked at \((?:ENOTCONN|ECONNABORTED)\)/);
});

test('amounts that are none', () => {
  for (const warn of ['10', '101%', '5 GB', '-1%', '10XB'])
    expect(complaints('disk', { path: '/', warn })).toHaveLength(1);
});
