import { globSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Place } from '../helpers/daemon.ts';
import { fill, smallDisk } from '../helpers/disk.ts';
import { EFFECT, ESTATE, makePlace } from './place.ts';

/* What may happen to a daemon in the middle of a job. */

const STEPS = 30;
/** Waits for the file `go`, then leaves a line in each of many steps; `undo` leaves one when it fails. */
const MANY = `---
runbook: many
title: Wait, then many steps
action: run
timeout: 5m
---
\`\`\`sh { name=wait }
echo begun >> trace.txt
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
${Array.from({ length: STEPS }, (_, i) => `\`\`\`sh { name=s${i} }\necho s${i} >> trace.txt\n\`\`\``).join('\n')}
## Rollback
\`\`\`sh { name=undo }
echo undone >> trace.txt
\`\`\`
`;
const trace = async (place: Place): Promise<string[]> =>
  (await place.read('trace.txt')).split('\n').filter(Boolean);
const begin = (place: Place) =>
  place.json(['run', 'many', '--project', 'shop', '--env', 'dev', '--force', '--no-follow']);
const statusOf = async (place: Place): Promise<string> =>
  ((await place.json(['jobs', 'list'])).data as unknown as { status: string }[])[0]?.status ?? '';

test('attack 66: the disk full in the middle of a job: no step runs that is not on the record before, and none twice', async (context) => {
  const disk = await smallDisk(context);
  const place = await makePlace({ 'many.md': MANY }, ESTATE, path.join(disk, 'home'));
  let daemon = await place.start();
  await begin(place);
  await until(async () => (await trace(place)).length === 1);
  const free = await fill(disk);
  await writeFile(path.join(place.estate, 'go'), '');
  await until(async () => (await place.reeve(['status'])).out.includes('cannot be written'));
  expect(await statusOf(place)).toBe('RUNNING');
  await free();
  // It ends by itself, and says what was done and what was not.
  await until(async () => (await statusOf(place)) !== 'RUNNING');
  expect(await statusOf(place)).toBe('FAIL');
  const done = await trace(place);
  const started = (await place.records('job.step.started')).map((r) => String(r.body['step']));
  expect(done).toEqual(['begun', ...started.slice(1)]);
  expect(done.length).toBeLessThan(STEPS);
  const ends = (await place.records('job.attempt')).map(
    (r) => r.body as { why?: string; attempt: { status: string; error_code?: string } },
  );
  expect(ends.map((body) => body.attempt.status)).toEqual(['RUNNING', 'FAIL']);
  expect(ends[1]?.attempt.error_code).toBe('LEDGER_DISK_FULL');
  expect(ends[1]?.why).toContain('rollback not run');
  expect((await place.reeve(['locks', 'list', '--json'])).out).toContain('"data": []');

  await daemon.end('SIGTERM');
  daemon = await place.start();
  expect(await trace(place)).toEqual(done);
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

const DEPLOY = ['deploy', '--project', 'shop', '--env', 'dev', '--force'];

test('attack 28: the clock set back an hour while a job runs: it stops before its next step, and nothing privileged runs until the clock is right', async (context) => {
  // The time that the daemon's process is told, and nobody else's: Debian's package faketime.
  const [library] = globSync('/usr/lib/*/faketime/libfaketimeMT.so.1');
  if (library === undefined) {
    expect(process.env['CI'], 'CI must have the package faketime').toBeUndefined();
    return context.skip('skipped: the package faketime is not installed');
  }
  const place = await makePlace({ 'many.md': MANY, 'effect.md': EFFECT });
  const offset = path.join(place.base, 'offset');
  await writeFile(offset, '+0\n');
  const faketime = [
    `LD_PRELOAD=${library}`,
    `FAKETIME_TIMESTAMP_FILE=${offset}`,
    'FAKETIME_NO_CACHE=1',
    'FAKETIME_DONT_FAKE_MONOTONIC=1',
  ];
  const daemon = await place.start({ through: ['env', ...faketime] });
  await begin(place);
  await until(async () => (await trace(place)).length === 1);
  await writeFile(offset, '-1h\n');
  await until(async () => (await place.records('daemon.clock_jumped')).length === 1);
  expect((await place.records('daemon.clock_jumped'))[0]?.body).toMatchObject({ seen: 'back' });
  await writeFile(path.join(place.estate, 'go'), '');
  await until(async () => (await statusOf(place)) !== 'RUNNING');
  const [attempt] = (await place.records('job.attempt')).slice(-1);
  expect(attempt?.body).toMatchObject({ attempt: { error_code: 'CLOCK_BEHIND_LEDGER' } });
  expect(await trace(place)).toEqual(['begun']);
  const refused = await place.reeve(DEPLOY);
  expect(refused.code).toBe(3);
  expect(refused.err).toContain('CLOCK_BEHIND_LEDGER');
  expect((await place.reeve(['halt', '--project', 'shop'])).code).toBe(0);
  expect((await place.reeve(['resume', '--project', 'shop'])).code).toBe(0);

  await writeFile(offset, '+0\n');
  await until(async () => (await place.records('daemon.clock_jumped')).length === 2);
  expect((await place.reeve(DEPLOY)).code).toBe(0);
  expect(await trace(place)).toEqual(['begun', 'effect']);
  await daemon.end('SIGTERM');
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});
