import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openTown } from './town.ts';

test('down → incident → heal → verified → resolved → postmortem, each recorded, with one alert', async () => {
  const town = await openTown();
  town.service.hangUp();
  const resolved = await town.await('incident.resolved');
  const { id } = resolved;
  const drafted = await town.await('incident.postmortem');
  expect(await town.of('incident.opened')).toMatchObject([
    {
      id,
      title: 'The web server is down',
      severity: 'page',
      source: 'probe',
      cause: 'probe:web',
      project: 'shop',
      env: 'dev',
      probe: 'web',
      by: 'daemon',
    },
  ]);
  const [decided] = await town.of('heal.decided');
  expect(decided).toMatchObject({ incident: id, rule: 'restart-web', decision: 'run', n: 1 });
  const [started] = await town.of('heal.started');
  const job = started?.job ?? '';
  expect((await town.app.running.jobs.get(job)).spec).toMatchObject({
    anchor: { kind: 'incident', id: `${id}#1` },
    requested_by: 'daemon',
    correlation_ids: { via: 'healer', account: 'heal:restart-web' },
  });
  expect(await town.of('heal.verified')).toMatchObject([{ incident: id, job, up: true }]);
  expect(await town.of('heal.ended')).toMatchObject([
    { incident: id, job, outcome: 'healed', rolled_back: 'no' },
  ]);
  expect(resolved).toMatchObject({ by: 'daemon' });
  expect(resolved.why).toBe(`web is up again; healed by restart-web (${job})`);
  expect(await town.trace()).toEqual(['restart']);
  const grants = await town.of('grant.issued');
  expect(grants.filter(({ how }) => how === 'mandate')).toMatchObject([
    { grant: { sub: 'mandate:heal:restart-web', uses: 1 } },
  ]);

  const alerts = town.app.running.features.alerts.list().filter(({ incident }) => incident === id);
  expect(alerts).toMatchObject([{ key: `incident:${id}`, state: 'resolved', source: 'probe', probe: 'web' }]);

  expect(drafted).toMatchObject({ id, final: false });
  const text = await readFile(path.join(town.root, drafted.path ?? ''), 'utf8');
  expect(drafted.path).toMatch(
    /^\.reeve\/postmortems\/\d{4}-\d\d-\d\d-[0-9a-f]{16}-the-web-server-is-down\.md$/,
  );
  const stored = await town.app.store.artifacts.get(drafted.artifact.digest ?? '');
  expect(Buffer.from(stored).toString('utf8')).toBe(text);
  expect(text).toContain('# Postmortem: The web server is down');
  expect(text).toContain('> Draft, made from the record.');
  expect(text).toContain('heal 1 by `restart-web`');
  for (const part of [
    'web: up → down',
    'restart-web begins',
    'Verified: it helped',
    'Resolved: web is up again',
  ])
    expect(text).toContain(part);

  // The whole of it comes back the same from the ledger.
  const before = town.app.running.features.incidents.get(id);
  await town.restart();
  expect(town.app.running.features.incidents.get(id)).toEqual(before);
  expect((await town.of('incident.opened')).length).toBe(1);
});

test('a heal that exits 0 and does not heal is rolled back; twice, and the breaker opens and a person is called', async () => {
  const town = await openTown({ rule: '    wait: 200ms\n' });
  await town.service.breakIt();
  town.service.hangUp();
  const opened = await town.await('heal.breaker_opened');
  expect(opened).toMatchObject({ rule: 'restart-web', why: '2 heals in a row did not heal' });
  await town.await('heal.decided', ({ decision }) => decision === 'breaker_open');
  expect(await town.of('heal.ended')).toMatchObject([
    { outcome: 'failed', rolled_back: 'done' },
    { outcome: 'failed', rolled_back: 'done' },
  ]);
  expect(await town.trace()).toEqual(['restart', 'undo', 'restart', 'undo']);
  // The rollbacks are jobs of their own under the same mandate.
  const jobs = town.app.running.jobs.list().map(({ spec, status }) => [spec.anchor.id.slice(20), status]);
  expect(jobs.toReversed()).toEqual([
    ['#1', 'PASS'],
    ['#1/rollback', 'PASS'],
    ['#2', 'PASS'],
    ['#2/rollback', 'PASS'],
  ]);
  const [incident] = town.app.running.features.incidents.list();
  expect(incident).toMatchObject({ state: 'open', healing: { decision: 'breaker_open' } });
  const [alert] = town.app.running.features.alerts.list().filter((one) => one.incident === incident?.id);
  expect(alert).toMatchObject({ state: 'open', severity: 'page' });
  expect(alert?.text).toContain('reeve heal reset restart-web');

  // It stays so over a restart, and for the next incident, until a person closes it.
  await town.restart();
  expect(town.app.running.features.incidents.heals()).toMatchObject([{ breaker: 'open' }]);
  const refused = await town.as('vic', { command: 'heal reset', args: { rule: 'restart-web' }, reason: 'x' });
  expect(refused.error?.code).toBe('FORBIDDEN');
  await town.service.mend();
  const reset = await town.as('root', {
    command: 'heal reset',
    args: { rule: 'restart-web' },
    reason: 'the disk was full',
  });
  expect(reset).toMatchObject({ ok: true, title: 'restart-web heals again' });
  await town.await('incident.resolved');
  expect((await town.of('heal.ended')).at(-1)).toMatchObject({ outcome: 'healed' });
  expect(await town.of('admin.event')).toEqual(
    expect.arrayContaining([expect.objectContaining({ action_type: 'reset_breaker' })]),
  );
});

test('the runbook fails itself: its own Rollback has run, and no other is started', async () => {
  const town = await openTown({ runbook: 'exit 3' });
  await town.service.breakIt();
  town.service.hangUp();
  const ended = await town.await('heal.ended');
  expect(ended).toMatchObject({ outcome: 'failed', rolled_back: 'done' });
  expect(ended.why).toContain('the runbook ended FAIL');
  expect(await town.trace()).toEqual(['restart', 'undo']);
  expect(town.app.running.jobs.list().length).toBe(1);
});

const UNDO = `---
runbook: unrestart
title: Undo the restart
action: rollback
---
\`\`\`sh { name=work }
echo unrestart >> trace.txt
\`\`\`
`;

test('the rule has a rollback of its own: it runs under the same mandate', async () => {
  const town = await openTown({ rule: '    rollback: unrestart\n', runbooks: { 'unrestart.md': UNDO } });
  await town.service.breakIt();
  town.service.hangUp();
  expect(await town.await('heal.ended')).toMatchObject({ outcome: 'failed', rolled_back: 'done' });
  expect(await town.trace()).toEqual(['restart', 'unrestart']);
  const [job] = town.app.running.jobs.list();
  expect(job?.spec).toMatchObject({
    runbook: 'unrestart',
    correlation_ids: { account: 'heal:restart-web' },
  });
});

const gated = (lock: string): string => `---
runbook: gated
title: Deploy with a question
action: deploy
timeout: 5m
lock: '${lock}'
---
\`\`\`approve { name=gate }
On to all of them?
\`\`\`
\`\`\`sh { name=work }
echo deployed >> trace.txt
\`\`\`
`;

test('a deployment that waits for an approval holds nobody back: the heal has its lock and its place, and it goes on after the heal', async () => {
  const town = await openTown({
    more: 'limits: { concurrent_jobs: 1 }\n',
    runbook: 'while [ ! -e go ]; do sleep 0.05; done; echo healed >> trace.txt',
    runbooks: {
      'gated.md': gated('shop'),
    },
  });
  await town.write(
    'runbooks/restart.md',
    (await readFile(path.join(town.root, 'runbooks/restart.md'), 'utf8')).replace(
      'timeout: 1m',
      'timeout: 1m\nlock: shop',
    ),
  );
  const accept = { command: 'config accept', args: { mandate: 'heal:restart-web' } };
  expect((await town.as('root', { ...accept, force: true })).ok).toBe(true);
  const where = { runbook: 'gated', project: 'shop', env: 'dev' };
  const deploy = await town.as('root', { command: 'run', args: where, force: true });
  const asked = await town.await('grant.requested');
  town.service.hangUp();
  const { job } = await town.await('heal.started');
  await town.await('job.step.started', ({ step }) => step === 'restart');
  expect((await town.app.running.jobs.get(job)).status).toBe('RUNNING');
  // Answered in the middle of the heal: nothing of the deployment is done before that has ended.
  expect((await town.as('zoe', { command: 'approve', args: { request: asked.id }, force: true })).ok).toBe(
    true,
  );
  await town.write('go', '');
  expect(await town.end(deploy)).toBe('PASS');
  await town.await('incident.resolved');
  expect(await town.trace()).toEqual(['restart', 'healed', 'deployed']);
  const deployed = deploy.job?.id ?? '';
  const locks = (await town.of('lock.acquired')).map(({ lock, owner }) => [lock, owner.startsWith(deployed)]);
  expect(new Set(locks.map(String))).toEqual(new Set(['shop,true']));
  expect(town.app.running.jobs.locks()).toEqual([]);
});
