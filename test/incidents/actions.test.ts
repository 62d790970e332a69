import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { IncidentView } from '../../daemon/ports/incidents.ts';
import { until } from '../helpers/daemon.ts';
import { openTown, type Town } from './town.ts';

const idOf = (data: unknown): string => (data as { id: string }).id;
const incidents = (town: Town): IncidentView[] => town.app.running.features.incidents.list();

test('the life of an incident in commands, each with its AdminEvent, and the final postmortem', async () => {
  const town = await openTown({ rule: 'none' });
  const opened = await town.as('ana', {
    command: 'incidents open',
    args: { title: 'checkout is slow', project: 'shop', severity: 'page', ago: '10m', text: 'p95 at 4 s' },
  });
  expect(opened).toMatchObject({
    ok: true,
    data: { env: 'dev', source: 'person', state: 'open', by: 'ana' },
  });
  const id = idOf(opened.data);
  const short = id.slice(4, 12);
  expect((await town.as('root', { command: 'status' })).data).toMatchObject({
    incidents: { open: 1, page: 1, newest: [{ id, title: 'checkout is slow' }] },
  });
  await until(() => town.app.running.features.alerts.list().some(({ key }) => key === `incident:${id}`));
  const say = (command: string, args: object = {}, reason = '') =>
    town.as('ana', { command, args: { incident: short, ...args }, ...(reason === '' ? {} : { reason }) });
  expect(await say('incidents ack', { note: 'looking' })).toMatchObject({ ok: true });
  await until(() => town.app.running.features.alerts.list()[0]?.acknowledged?.by === 'ana');
  expect(await say('incidents note', { text: 'the pool is at its limit' })).toMatchObject({ ok: true });
  const job = await town.as('root', {
    command: 'run',
    args: { runbook: 'restart', project: 'shop', env: 'dev' },
    force: true,
  });
  await town.end(job);
  expect(await say('incidents link', { job: job.job?.id.slice(0, 14) })).toMatchObject({ ok: true });
  expect((await say('incidents link', {})).error?.code).toBe('ARGUMENTS_INVALID');
  expect((await say('incidents link', { to: id })).error?.code).toBe('ARGUMENTS_INVALID');
  expect((await say('incidents review', { summary: 'too early' })).error?.code).toBe('INCIDENT_NOT_RESOLVED');
  expect((await say('incidents resolve')).error?.code).toBe('ARGUMENTS_INVALID');
  expect(await say('incidents resolve', { why: 'raised the pool' })).toMatchObject({ ok: true });
  expect((await say('incidents ack')).error?.code).toBe('INCIDENT_NOT_OPEN');
  await town.await('incident.postmortem', ({ final }) => !final);
  const reviewed = await say('incidents review', {
    summary: 'The pool was too small for the sale.',
    action: ['raise the pool @ben', 'alert at 80 %'],
  });
  expect(reviewed).toMatchObject({
    ok: true,
    data: {
      state: 'reviewed',
      review: { actions: [{ text: 'raise the pool', owner: 'ben' }, { owner: '' }] },
    },
  });
  const { postmortem } = reviewed.data as unknown as IncidentView;
  const text = await readFile(path.join(town.root, postmortem?.path ?? ''), 'utf8');
  for (const part of [
    '> Reviewed by ana',
    'The pool was too small for the sale.',
    '- [ ] raise the pool (owner: ben)',
    '- [ ] alert at 80 % (nobody yet)',
    `Caused by Restart the service (\`${job.job?.id}\``,
    'the pool is at its limit',
    '| Acknowledged by ana |',
  ])
    expect(text).toContain(part);
  const shown = await say('incidents postmortem');
  expect(shown).toMatchObject({ ok: true, data: { path: postmortem?.path } });
  // The text itself, and where it lies.
  expect(shown.blocks[0]).toEqual({
    type: 'code',
    language: 'markdown',
    text: (shown.data as { markdown: string }).markdown,
  });
  expect(shown.blocks[0]).toMatchObject({
    text: expect.stringContaining('The pool was too small for the sale.') as string,
  });
  expect(JSON.stringify(shown.blocks[1])).toContain(postmortem?.path);
  const events = (await town.of('admin.event')).filter(({ action_type }) =>
    action_type.endsWith('_incident'),
  );
  expect(events.map(({ action_type, result }) => `${action_type} ${result?.status}`)).toEqual([
    'open_incident done',
    'acknowledge_incident done',
    'note_incident done',
    'link_incident done',
    'link_incident refused',
    'link_incident refused',
    'review_incident refused',
    'resolve_incident refused',
    'resolve_incident done',
    'acknowledge_incident refused',
    'review_incident done',
  ]);
  const timeline = (await say('incidents show')).data as { timeline: { kind: string; by?: string }[] };
  expect(timeline.timeline.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining([
      'opened',
      'alert',
      'acknowledged',
      'note',
      'linked',
      'resolved',
      'reviewed',
      'postmortem',
    ]),
  );
});

test('what is still down is not resolved by mistake, since nobody would be told of it any more', async () => {
  const town = await openTown({ rule: 'none' });
  town.service.hangUp();
  const { id } = await town.await('incident.opened');
  const resolve = (args: object = {}) =>
    town.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'restarted it', ...args } });
  expect((await resolve()).error).toMatchObject({
    code: 'INCIDENT_STILL_DOWN',
    message: expect.stringContaining('web is still down'),
    hint: expect.stringContaining('--still-down'),
  });
  expect(incidents(town)).toMatchObject([{ state: 'open' }]);
  expect(await resolve({ still_down: true })).toMatchObject({ ok: true });
  town.service.comeBack();
  await until(() => town.state() === 'up');
  town.service.hangUp();
  await until(() => incidents(town).some(({ state }) => state === 'open'));
  town.service.comeBack();
  await until(() => incidents(town).every(({ state }) => state === 'resolved'));
});

test('who may not see a place sees no incident of it, and who only looks changes nothing', async () => {
  const town = await openTown({ rule: 'none' });
  const opened = await town.as('ana', {
    command: 'incidents open',
    args: { title: 'slow', project: 'shop' },
  });
  const incident = idOf(opened.data);
  const list = await town.as('eve', { command: 'incidents list', args: { all: true } });
  expect(list).toMatchObject({ ok: true, data: [] });
  expect((await town.as('eve', { command: 'status' })).data).toMatchObject({
    incidents: { open: 0, page: 0, newest: [] },
  });
  expect((await town.as('vic', { command: 'status' })).data).toMatchObject({
    incidents: { open: 1, newest: [{ title: 'slow' }] },
  });
  const hidden = await town.as('eve', { command: 'incidents show', args: { incident } });
  expect(hidden.error?.code).toBe('INCIDENT_NOT_FOUND');
  for (const [command, args] of [
    ['incidents ack', { incident }],
    ['incidents note', { incident, text: 'x' }],
    ['incidents resolve', { incident, why: 'x' }],
    ['incidents open', { title: 'x', project: 'shop' }],
  ] as const)
    expect((await town.as('vic', { command, args })).error?.code, command).toBe('FORBIDDEN');
  expect(incidents(town)).toMatchObject([{ state: 'open' }]);
  const wrong = await town.as('ana', {
    command: 'incidents open',
    args: { title: 'x', project: 'shop', probe: 'wbe' },
  });
  expect(wrong.error).toMatchObject({ code: 'PROBE_UNKNOWN', hint: expect.stringContaining('web') });
});

const FAILING = `---
runbook: ship
title: Ship it
action: deploy
---
\`\`\`sh { name=work }
test -e good
\`\`\`
`;

test('a deployment that fails is an incident, a second one belongs to it, and one that passes ends it', async () => {
  const town = await openTown({ rule: 'none', runbooks: { 'ship.md': FAILING } });
  const ship = async (): Promise<string> => {
    const reply = await town.as('root', {
      command: 'deploy',
      args: { project: 'shop', env: 'dev', runbook: 'ship' },
      force: true,
      nonce: String(Math.random()),
    });
    await town.end(reply);
    return reply.job?.id ?? '';
  };
  const first = await ship();
  await town.await('incident.opened');
  const second = await ship();
  await town.await('incident.linked');
  expect(incidents(town)).toMatchObject([
    {
      title: 'Ship it (deploy on shop/dev) failed',
      source: 'deploy',
      cause: 'deploy:shop/dev',
      job: first,
      links: [{ kind: 'related', job: second }],
    },
  ]);
  await town.write('good', '');
  const third = await ship();
  town.service.hangUp();
  const { id } = await town.await('incident.opened', ({ source }) => source === 'probe');
  const shown = await town.as('root', { command: 'incidents show', args: { incident: id } });
  expect(JSON.stringify(shown.blocks)).toContain(
    `ended shortly before. If it caused this: reeve incidents link ${id.slice(0, 12)} --job ${third.slice(0, 12)}`,
  );
  const resolved = await town.await('incident.resolved');
  expect(resolved.id).not.toBe(id);
  expect(resolved.why).toBe(`Ship it passed (${third})`);
  // No second alert about the same: the incident's is the only one.
  const told = () => town.app.running.features.alerts.list().map(({ key }) => key);
  await until(() => told().length >= 2);
  expect(told().toSorted()).toEqual([`incident:${resolved.id}`, `incident:${id}`].toSorted());
});

test('a dependency that explains the failure is one incident, its own; maintenance is none', async () => {
  const probe = (name: string, port: string, more = ''): string =>
    `  ${name}: { kind: tcp, project: shop, env: dev, host: 127.0.0.1, port: ${port}, interval: 200ms, timeout: 150ms, failures: 2, successes: 1${more} }`;
  const town = await openTown({ rule: 'none' });
  const { port } = town.service;
  const text = await readFile(path.join(town.root, 'reeve.yaml'), 'utf8');
  const probes = [probe('gate', String(port)), probe('shopfront', String(port), ', depends_on: [web, gate]')];
  await town.write(
    'reeve.yaml',
    text
      .replace('probes:\n', `probes:\n${probes.join('\n')}\n`)
      .replace('  web:\n', '  web:\n    depends_on: [gate]\n'),
  );
  await town.as('root', { command: 'config reload' });
  await until(
    () =>
      town.app.running.features.probes.list().every(({ state }) => state === 'up') &&
      town.app.running.features.probes.list().length === 3,
  );
  town.service.hangUp();
  await until(() => town.app.running.features.probes.list().every(({ state }) => state === 'down'));
  await town.await('incident.opened');
  expect(incidents(town).map(({ cause }) => cause)).toEqual(['probe:gate']);
  town.service.comeBack();
  await town.await('incident.resolved');
  expect(incidents(town)).toHaveLength(1);

  const calm = await readFile(path.join(town.root, 'reeve.yaml'), 'utf8');
  await town.write(
    'reeve.yaml',
    `${calm}maintenance:\n  now: { from: 2020-01-01T00:00, until: 2099-01-01T00:00 }\n`,
  );
  await town.as('root', { command: 'config reload' });
  await until(() => town.app.running.features.probes.list().every(({ state }) => state === 'up'));
  const before = (await town.of('probe.transition')).length;
  town.service.hangUp();
  await until(async () => (await town.of('probe.transition')).length >= before + 3);
  expect((await town.of('incident.opened')).length + (await town.of('incident.reopened')).length).toBe(1);
});

test('the runbook changed: nothing is run, the alert says how to look, and after the acceptance it heals', async () => {
  const town = await openTown();
  const file = path.join(town.root, 'runbooks/restart.md');
  const text = await readFile(file, 'utf8');
  await rm(file);
  await town.write('runbooks/restart.md', text.replace('echo restart', 'echo changed'));
  await town.service.breakIt();
  town.service.hangUp();
  const decided = await town.await('heal.decided');
  expect(decided).toMatchObject({ decision: 'not_allowed', n: 0 });
  await until(() =>
    town.app.running.features.alerts
      .list()
      .some(({ text: said }) => said.includes('reeve config diff heal:restart-web')),
  );
  expect(await town.trace()).toEqual([]);
  const status = await town.as('root', { command: 'heal status' });
  expect(status.data).toMatchObject([{ rule: 'restart-web', mandate: 'suspended', breaker: 'closed' }]);
  await town.service.mend();
  const accepted = await town.as('root', {
    command: 'config accept',
    args: { mandate: 'heal:restart-web' },
    reason: 'read it',
    force: true,
  });
  expect(accepted.ok, accepted.title).toBe(true);
  await town.await('incident.resolved');
  expect(await town.trace()).toEqual(['changed']);
});
