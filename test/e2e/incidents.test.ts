import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until, type Place } from '../helpers/daemon.ts';
import { estate, restart, startService } from '../incidents/town.ts';
import { makePlace } from './place.ts';

const trace = async (place: Place): Promise<string[]> =>
  (await place.read('trace.txt')).split('\n').filter(Boolean);
const count = async (place: Place, type: string): Promise<number> => (await place.records(type)).length;

/** The runbook waits for the file `go` after it has begun. */
const WAIT = 'while [ ! -e go ]; do sleep 0.05; done';

test('kill -9 in the middle of a heal: UNKNOWN, verified and rolled back by the next daemon, and shown to a person', async () => {
  const service = await startService();
  const runbook = restart(service, WAIT).replace('kill -HUP', 'true');
  const place = await makePlace({ 'restart.md': runbook }, estate(service));
  const first = await place.start();
  await until(async () => (await place.records('probe.transition')).some(({ body }) => body['to'] === 'up'));
  service.hangUp();
  await until(async () => (await trace(place)).length === 1);
  await until(async () => (await count(place, 'heal.started')) === 1);
  await first.end('SIGKILL');
  await place.start();
  await until(async () =>
    (await place.records('heal.decided')).some(({ body }) => body['decision'] === 'breaker_open'),
  );
  const [ended] = await place.records('heal.ended');
  expect(ended?.body).toMatchObject({ outcome: 'unknown', rolled_back: 'done' });
  expect(await trace(place)).toEqual(['restart', 'undo']);
  expect(await count(place, 'incident.opened')).toBe(1);
  expect((await place.records('heal.decided')).filter(({ body }) => body['decision'] === 'run')).toHaveLength(
    1,
  );
  const jobs = (await place.json(['jobs', 'list'])).data as unknown as { status: string }[];
  expect(jobs.map(({ status }) => status)).toEqual(['PASS', 'UNKNOWN']);

  // A person sees it wherever they look.
  const listed = await place.json(['incidents', 'list']);
  expect(listed.data).toMatchObject([
    { title: 'The web server is down', healing: { decision: 'breaker_open' } },
  ]);
  const id = (listed.data as { id: string }[])[0]?.id ?? '';
  const shown = await place.reeve(['incidents', 'show', id.slice(0, 10)]);
  expect(shown.out).toContain('nobody knows what its last heal did');
  expect(shown.out).toContain('reeve heal reset restart-web');
  expect((await place.reeve(['status'])).out).toContain('1 incident open (The web server is down)');
  expect((await place.json(['heal', 'status'])).data).toMatchObject([{ breaker: 'open' }]);
  await until(async () =>
    (await place.read('grimoires/loa/NOTES.md')).includes(`reeve incidents show ${id}`),
  );

  // It comes back by itself, and the incident is over.
  service.comeBack();
  await until(async () => (await count(place, 'incident.postmortem')) === 1);
  expect((await place.json(['incidents'])).data).toEqual([]);
  const [drafted] = await place.records('incident.postmortem');
  expect(await readFile(path.join(place.estate, String(drafted?.body['path'])), 'utf8')).toContain(
    '**unknown**, rolled back by',
  );
  expect((await place.reeve(['ledger', 'verify'])).code).toBe(0);
});

test('kill -9 again and again while it heals: one incident, and each heal at most once', async () => {
  const service = await startService();
  const place = await makePlace(
    { 'restart.md': restart(service).replace('timeout: 1m', 'timeout: 1m\nidempotent: true') },
    estate(service, { rule: '    max: 10\n' }),
  );
  let daemon = await place.start();
  await until(async () => (await place.records('probe.transition')).some(({ body }) => body['to'] === 'up'));
  service.hangUp();
  for (const type of ['probe.transition', 'incident.opened', 'heal.decided', 'heal.started']) {
    const before = type === 'probe.transition' ? 1 : 0;
    await until(async () => (await count(place, type)) > before);
    await daemon.end('SIGKILL');
    daemon = await place.start();
  }
  await until(async () => (await count(place, 'incident.postmortem')) > 0);
  expect(await count(place, 'incident.opened')).toBe(1);
  const heals = (await place.records('heal.decided')).filter(({ body }) => body['decision'] === 'run');
  const anchors = (await place.records('job.queued')).map(
    ({ body }) => (body['job'] as { anchor: { id: string } }).anchor.id,
  );
  expect(new Set(anchors).size).toBe(anchors.length);
  expect(anchors.length).toBeLessThanOrEqual(heals.length * 2);
  for (const { body } of await place.records('heal.ended'))
    expect(['no', 'done']).toContain(body['rolled_back']);
  expect((await place.json(['incidents', 'list', '--all'])).data).toMatchObject([{ state: 'resolved' }]);
  await daemon.end('SIGTERM');
});

const deploy = (name: string, undo: string): string => `---
runbook: ${name}
title: Deploy slowly
action: deploy
timeout: 5m
---
\`\`\`sh { name=work }
echo begun >> trace.txt
while [ ! -e go ]; do sleep 0.05; done
\`\`\`
${undo}`;
const UNDO = '## Rollback\n```sh { name=undo }\necho undone >> trace.txt\n```\n';
const SHOP = `version: 1
estate: { name: test }
projects:
  shop: { path: ., environments: { dev: {} }, runbooks: { deploy: RUNBOOK } }
`;

test('a deployment stopped half-way opens an incident like a failed one, unless it was put back', async () => {
  for (const [name, undo, incidents] of [
    ['with-undo', UNDO, 0],
    ['without', '', 1],
  ] as const) {
    const place = await makePlace({ [`${name}.md`]: deploy(name, undo) }, SHOP.replace('RUNBOOK', name));
    await place.start();
    const started = async (): Promise<string> => {
      const { job } = await place.json([
        'deploy',
        '--project',
        'shop',
        '--env',
        'dev',
        '--force',
        '--no-follow',
      ]);
      return job?.id ?? '';
    };
    const cancel = async (job: string): Promise<void> => {
      await place.reeve(['jobs', 'cancel', job, '--reason', 'the wrong one']);
      await until(async () =>
        (await place.records('job.attempt')).some(
          ({ body: { attempt } }) =>
            (attempt as { job_id: string }).job_id === job &&
            (attempt as { status: string }).status === 'CANCELLED',
        ),
      );
    };
    const job = await started();
    await until(async () => (await trace(place)).length === 1);
    await cancel(job);
    expect(await trace(place)).toEqual(undo === '' ? ['begun'] : ['begun', 'undone']);
    if (incidents === 1) {
      await until(async () => (await count(place, 'incident.opened')) === 1);
      const [opened] = await place.records('incident.opened');
      expect(opened?.body).toMatchObject({
        title: 'Deploy slowly (deploy on shop/dev) was stopped half-way',
        source: 'deploy',
        job,
      });
      // The next one that passes ends it.
      await writeFile(path.join(place.estate, 'go'), '');
      await started();
      await until(async () => (await count(place, 'incident.resolved')) === 1);
    } else {
      // A failure afterwards is told, and is the only thing that is.
      expect((await place.json(['incidents', 'list', '--all'])).data).toEqual([]);
      const ends = (await place.records('job.attempt')).map(({ body }) => body['rollback']);
      expect(ends).toEqual([undefined, 'done']);
    }
  }
});
