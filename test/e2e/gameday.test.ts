import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { alive, until, type Place } from '../helpers/daemon.ts';
import { makePlace } from './place.ts';

/** Takes the file `service` away, and waits for `go`; its rollback puts the file back, and waits for `back`. */
const DAY = `---
runbook: lost-file
title: 'Game day: a file of \${project} is lost'
action: run_drill
timeout: 5m
lock: '\${project}/\${env}'
---
## Steady state
\`\`\`sh { name=is-there timeout=20s }
echo asked >> trace.txt
echo "content=$(cat service)" >> "$REEVE_OUTPUT"
\`\`\`
## Method
\`\`\`sh { name=take-away timeout=2m }
mv service service.away
setsid sh -c 'echo $$ >> pids.txt; while [ -e pids.txt ]; do sleep 0.1; done' &
echo $$ >> pids.txt
echo taken >> trace.txt
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
## Rollback
\`\`\`sh { name=put-back timeout=2m }
if [ -e service.away ]; then mv service.away service; fi
echo "back $REEVE_STEP_IS_THERE__CONTENT" >> trace.txt
while [ -e hold ]; do sleep 0.05; done
\`\`\`
\`\`\`sh { name=tell timeout=20s }
echo told >> trace.txt
\`\`\`
`;

const ESTATE = `version: 1
estate: { name: test }
projects:
  shop: { path: ., environments: { dev: {} } }
`;

const trace = async (place: Place): Promise<string[]> =>
  (await place.read('trace.txt')).split('\n').filter(Boolean);

async function killedInMethod(): Promise<Place> {
  const place = await makePlace({ 'lost-file.md': DAY }, ESTATE);
  await place.write('service', 'v41\n');
  const daemon = await place.start();
  await place.json([
    'drill',
    'run',
    'lost-file',
    '--project',
    'shop',
    '--env',
    'dev',
    '--force',
    '--no-follow',
  ]);
  await until(async () => (await trace(place)).includes('taken'));
  await daemon.end('SIGKILL');
  await expect(place.read('service.away')).resolves.toBe('v41\n');
  return place;
}

test('kill -9 in the middle of a game day: the next daemon puts back what was taken away, and records what came of it', async () => {
  const place = await killedInMethod();
  await place.start();
  await until(async () => (await place.records('drill.result')).length > 0);
  expect(await trace(place)).toEqual(['asked', 'taken', 'back v41', 'told', 'asked']);
  expect(await place.read('service')).toBe('v41\n');
  for (const pid of (await place.read('pids.txt')).trim().split('\n'))
    expect(await alive(Number(pid))).toBe(false);

  const [result] = await place.records('drill.result');
  expect(result?.body).toMatchObject({ drill: 'lost-file', verdict: 'UNKNOWN' });
  const { data } = await place.json(['drill', 'report', 'lost-file']);
  expect((data as { markdown: string }).markdown).toMatch(
    /steady state before \| PASS .*\n\| method \| UNKNOWN .*\n\| rollback \| PASS .*\n\| steady state after \| PASS/,
  );
  const jobs = (await place.json(['jobs', 'list'])).data as unknown as { status: string }[];
  expect(jobs.map(({ status }) => status)).toEqual(['UNKNOWN']);
  expect((await place.reeve(['jobs', 'show', String(result?.body['job_id'])])).out).toContain(
    'its rollback was run when the daemon was back',
  );
  // Each step has its intent and its outcome, each attempt one end, and the whole is sound.
  const steps = await place.records('job.step.started');
  expect(steps.map(({ body }) => body['step'])).toEqual([
    'is-there',
    'take-away',
    'put-back',
    'tell',
    'is-there-again',
  ]);
  const ended = (await place.records('job.step.finished')).map(({ body }) => [body['step'], body['status']]);
  expect(ended).toEqual([
    ['is-there', 'PASS'],
    ['take-away', 'UNKNOWN'],
    ['put-back', 'PASS'],
    ['tell', 'PASS'],
    ['is-there-again', 'PASS'],
  ]);
  const attempts = (await place.records('job.attempt')).map(
    ({ body }) => (body['attempt'] as { status: string }).status,
  );
  expect(attempts).toEqual(['RUNNING', 'RUNNING', 'UNKNOWN']);
  // An interrupted drill is trouble that a person hears of.
  await until(async () => (await place.records('incident.opened')).length === 1);
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

test('kill -9 again in the middle of that rollback: the step under way is not run twice, the rest of it is', async () => {
  const place = await killedInMethod();
  await writeFile(path.join(place.estate, 'hold'), '');
  const second = await place.start();
  await until(async () => (await trace(place)).includes('back v41'));
  await second.end('SIGKILL');
  await place.start();
  await until(async () => (await place.records('drill.result')).length > 0);
  expect(await trace(place)).toEqual(['asked', 'taken', 'back v41', 'told', 'asked']);
  const [result] = await place.records('drill.result');
  expect(result?.body['why']).toContain('rollback failed at put-back: the daemon stopped while it ran');
  expect(result?.body['why']).toContain('the steady state holds again');
});
