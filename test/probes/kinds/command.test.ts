import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { strays } from '../../../daemon/process-group.ts';
import { ask, complaints, openProbe } from '../../helpers/probing.ts';
import { tempDir } from '../../helpers/ledger.ts';

const sh = (script: string): string[] => ['/bin/sh', '-c', script];

test('exit statuses stand for verdicts; the last words say why', async () => {
  expect(await ask('command', { argv: ['/bin/true'] })).toMatchObject({
    verdict: 'up',
    ms: expect.any(Number),
    figures: { exit_status: 0 },
  });
  const nagios = { degraded: [1], inconclusive: [3] };
  for (const [status, verdict] of [
    [0, 'up'],
    [1, 'degraded'],
    [2, 'down'],
    [3, 'inconclusive'],
  ] as const)
    expect(
      await ask('command', { argv: sh(`echo RAID says ${status}; exit ${status}`), ...nagios }),
    ).toMatchObject({
      verdict,
      why: verdict === 'up' ? '' : `sh ended with status ${status}: RAID says ${status}`,
    });
  expect(await ask('command', { argv: sh('kill -9 $$') })).toMatchObject({
    verdict: 'down',
    why: 'sh was ended by SIGKILL',
  });
});

test('what it must print, and must not', async () => {
  const argv = sh('echo "state: optimal"; echo "state: DEGRADED" >&2');
  expect(await ask('command', { argv, contains: ['optimal'], lacks: ['DEGRADED'] })).toMatchObject({
    verdict: 'up',
  });
  expect(await ask('command', { argv, contains: ['clean'] })).toMatchObject({
    verdict: 'down',
    why: 'sh did not print "clean"',
  });
  expect(await ask('command', { argv, lacks: ['optimal'] })).toMatchObject({ verdict: 'down' });
});

test('no shell reads the arguments, the environment is clean, standard input is empty', async () => {
  const root = await tempDir();
  process.env['NODE_OPTIONS'] = '--no-warnings';
  try {
    const words = ['$(touch made)', '; touch made', '`touch made`', '*'];
    expect(
      await ask('command', { argv: ['/bin/echo', ...words], contains: [words.join(' ')] }, { root }),
    ).toMatchObject({ verdict: 'up' });
    expect(existsSync(join(root, 'made'))).toBe(false);
    await ask('command', { argv: sh('env > env.txt; cat >> env.txt') }, { root });
    const names = (await readFile(join(root, 'env.txt'), 'utf8'))
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => !['_', 'PWD', 'SHLVL', 'OLDPWD'].includes(name ?? ''));
    expect(names.toSorted((a, b) => (a ?? '').localeCompare(b ?? ''))).toEqual([
      'HOME',
      'LANG',
      'PATH',
      'REEVE_ATTEMPT_ID',
      'REEVE_PROBE',
      'REEVE_ROOT',
      'TMPDIR',
      'TZ',
    ]);
  } finally {
    delete process.env['NODE_OPTIONS'];
  }
});

test('output without end, and a program that cannot be started', async () => {
  expect(await ask('command', { argv: ['yes'], max_output: 1000 })).toMatchObject({
    verdict: 'down',
    why: 'yes printed more than 1000 bytes and was stopped',
  });
  for (const argv of [['/no/such/program'], ['/etc/passwd']])
    expect(await ask('command', { argv })).toMatchObject({
      verdict: 'inconclusive',
      why: expect.stringContaining('cannot be started'),
    });
});

test('out of time: the whole process group ends, also what ignores SIGTERM or went elsewhere', async () => {
  const root = await tempDir();
  const prober = openProbe(
    'command',
    {
      argv: sh(
        'trap "" TERM; env | grep ATTEMPT > id; setsid sleep 86399 & sleep 86399 & echo ready > ready; wait; sleep 86399',
      ),
    },
    { root },
  );
  const over = new AbortController();
  const run = prober.run(over.signal);
  await vi.waitFor(() => expect(existsSync(join(root, 'ready'))).toBe(true), { timeout: 20_000 });
  over.abort();
  expect(await run).toMatchObject({ verdict: 'down', why: 'sh did not end in time and was stopped' });
  const attemptId = (await readFile(join(root, 'id'), 'utf8')).trim().split('=')[1] ?? '';
  await vi.waitFor(async () => expect(await strays({ attemptId })).toEqual([]), { timeout: 20_000 });
});

test('mistakes in its part of reeve.yaml', () => {
  expect(complaints('command', { argv: 'ls -l' })).toHaveLength(1);
  expect(complaints('command', { argv: ['ls', 'a\0b'] })).toHaveLength(1);
  expect(complaints('command', { argv: ['ls'], degraded: [0] })).toHaveLength(1);
});
