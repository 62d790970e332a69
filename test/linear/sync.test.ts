import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Budget } from '../../daemon/integrations/linear/budget.ts';
import { REPO } from '../helpers/daemon.ts';
import { deliveryOf } from '../standins/linear/hooks.ts';
import type { Call } from '../standins/platform/server.ts';
import { openLinear, type Rig } from './rig.ts';

const OPENS = '    opens: { label: page-us, project: shop, env: dev }\n';
const incident = (rig: Rig, id: string) => rig.app.running.features.incidents.get(id);
const heard = async (rig: Rig) => (await rig.records('linear.heard')).map(({ body }) => body);
/** What Linear tells never comes. */
const lose = (rig: Rig): void => void rig.linear.deliveries.splice(0);

async function open(
  more = '',
): Promise<Rig & { sync(args?: object): Promise<string>; found(): Promise<string> }> {
  const rig = await openLinear(more);
  await rig.write('runbooks/linear.md', await readFile(path.join(REPO, 'runbooks/linear.md'), 'utf8'));
  await rig.as('root', { command: 'config reload' });
  return Object.assign(rig, {
    sync: async (args = {}) =>
      rig.end(
        await rig.as('root', {
          command: 'sync linear',
          args: { project: 'shop', env: 'dev', ...args },
          force: true,
        }),
      ),
    async found() {
      const [artifact] = (await rig.records('job.step.finished')).at(-1)?.body.artifacts ?? [];
      return Buffer.from(await rig.app.store.artifacts.get(artifact?.digest ?? '')).toString('utf8');
    },
  });
}

test('what webhooks missed is made up for as the people who did it, once; a dry run says it and changes nothing', async () => {
  const rig = await open();
  const { world } = rig.linear;
  const { ana, stranger } = rig.users;
  const id = await rig.open();
  await rig.sent();
  world.updateIssue(ana, 'OPS-1', { assigneeId: ana.id });
  world.createComment(ana, { issueId: 'OPS-1', body: 'looking' });
  world.createComment(stranger, { issueId: 'OPS-1', body: 'spam' });
  world.createIssue(stranger, { teamId: world.team.id, title: 'not ours' });
  const told = rig.linear.deliveries.splice(0);

  expect(await rig.sync({ dry_run: true })).toBe('PASS');
  expect([incident(rig, id).state, await heard(rig), await rig.records('sync.advanced')]).toEqual([
    'open',
    [],
    [],
  ]);
  // In the order of their times: an issue's is that of its last change, whatever it was.
  const found = await rig.found();
  expect(found).toMatch(/OPS-1: acknowledged/);
  expect(found).toMatch(/OPS-1: noted/);
  expect(await rig.records('incident.noted')).toEqual([]);

  expect(await rig.sync()).toBe('PASS');
  expect(incident(rig, id)).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ana' });
  expect((await rig.records('incident.noted')).map(({ body }) => [body.by, body.text])).toEqual([
    ['ana', 'looking'],
  ]);
  const all = await heard(rig);
  expect(all.map(({ did }) => did).toSorted((a, b) => (a < b ? -1 : 1))).toEqual([
    'acknowledged',
    'noted',
    'refused',
  ]);
  expect(all.every(({ job, delivery }) => job !== undefined && delivery === undefined)).toBe(true);
  // They come late, and all of it is known.
  rig.linear.deliveries.push(...told);
  await rig.deliver();
  await rig.sync();
  expect(await rig.records('incident.noted')).toHaveLength(1);
  expect(await rig.records('incident.acknowledged')).toHaveLength(1);
  expect((await heard(rig)).filter(({ did }) => did !== 'refused')).toHaveLength(2);

  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  lose(rig);
  expect(await rig.sync()).toBe('PASS');
  expect(incident(rig, id)).toMatchObject({
    state: 'resolved',
    resolved_by: 'ana',
    resolution: 'In Linear: OPS-1 is Done',
  });
  await rig.sent();
  const before = (await heard(rig)).length;
  expect(await rig.sync({ since: '2020-01-01' })).toBe('PASS');
  expect(await heard(rig)).toHaveLength(before);
  expect(world.comments).toHaveLength(2);
  expect(rig.linear.refused).toEqual([]);
});

test('a label that nobody told of opens an incident as who put it there, not on what is closed, and once', async () => {
  const rig = await open(OPENS);
  const { world } = rig.linear;
  const { ana, stranger } = rig.users;
  const label = world.label('page-us').id;
  const make = (by: typeof ana, title: string, labelIds: string[] = []) =>
    world.createIssue(by, { teamId: world.team.id, title, labelIds });
  make(ana, 'born with it', [label]);
  make(stranger, 'labelled later');
  world.updateIssue(ana, 'OPS-2', { labelIds: [label] });
  make(stranger, 'by nobody', [label]);
  make(ana, 'over', [label]);
  world.updateIssue(ana, 'OPS-4', { stateId: 'Canceled' });
  lose(rig);
  expect(await rig.sync({ scope: 'estate' })).toBe('PASS');
  expect(await rig.sync({ scope: 'estate' })).toBe('PASS');
  const opened = (await rig.records('incident.opened')).map(({ body }) => [body.title, body.by]);
  expect(opened).toEqual([
    ['born with it', 'ana'],
    ['labelled later', 'ana'],
  ]);
  expect((await heard(rig)).filter(({ did }) => did === 'refused')).toHaveLength(1);
  await rig.sent();
  expect(world.issues).toHaveLength(4);
});

test('an issue that is opened again is a conflict, told once on both sides, with or without a webhook and whatever it says of before', async () => {
  const rig = await open();
  const { world, secret } = rig.linear;
  const { ana } = rig.users;
  const ids = [await rig.open('one'), await rig.open('two')];
  await rig.sent();
  const resolve = (id: string) =>
    rig.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'over' } });
  // It is still ours to close: an issue that is open is none that was opened again.
  rig.linear.faults.plan(
    (call: Call) => call.body.toString().includes('mutation updateIssue'),
    { kind: 'answer', answer: { status: 503, body: 'no' } },
    3,
  );
  for (const id of ids) await resolve(id);
  await rig.app.running.features.linearSettled();
  expect(await rig.sync()).toBe('PASS');
  expect(await heard(rig)).toEqual([]);
  rig.linear.faults.clear();
  await rig.as('root', { command: 'linear retry' });
  await rig.sent();

  for (const name of ['OPS-1', 'OPS-2']) world.updateIssue(ana, name, { stateId: 'In Progress' });
  lose(rig);
  expect(await rig.sync({ dry_run: true })).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.sync()).toBe('PASS');
  await rig.sent();
  expect(ids.map((id) => incident(rig, id).state)).toEqual(['resolved', 'resolved']);
  expect((await heard(rig)).map(({ did }) => did)).toEqual(['conflict', 'conflict']);
  expect(world.comments.filter(({ body }) => body.includes('opened again'))).toHaveLength(2);
  const told = (await rig.records('sync.advanced')).flatMap(({ body }) => body.conflicts);
  expect(told).toEqual([expect.stringContaining('OPS-1'), expect.stringContaining('OPS-2')]);

  // The webhook names the state it had, and not when it was completed.
  const third = await rig.open('three');
  await rig.sent();
  await resolve(third);
  await rig.sent();
  lose(rig);
  const issue = world.updateIssue(ana, 'OPS-3', { stateId: 'Todo' });
  lose(rig);
  const updatedFrom = { stateId: world.stateNamed('Done').id };
  const again = () => {
    const change = { type: 'Issue', action: 'update', actor: ana, of: issue, updatedFrom } as const;
    rig.linear.deliveries.push(deliveryOf(world, change, secret));
  };
  again();
  await rig.deliver();
  again();
  await rig.deliver();
  expect((await heard(rig)).map(({ did }) => did)).toEqual(['conflict', 'conflict', 'conflict']);
});

test('an issue that was archived, put in the trash, restored or deleted is told once as that, and its incident goes on', async () => {
  const rig = await open();
  const { world } = rig.linear;
  const { ana } = rig.users;
  const ids = [await rig.open('one'), await rig.open('two'), await rig.open('three')];
  await rig.sent();
  const told = async (): Promise<string[]> => {
    lose(rig);
    const before = (await heard(rig)).length;
    expect(await rig.sync({ dry_run: true })).toBe('PASS');
    expect(await rig.sync()).toBe('PASS');
    expect(await rig.sync()).toBe('PASS');
    return (await heard(rig)).slice(before).map(({ did, why }) => `${did}: ${why}`);
  };
  world.archiveIssue(ana, 'OPS-1');
  world.deleteIssue(ana, 'OPS-2');
  expect(await told()).toEqual([
    'conflict: OPS-1 was archived in Linear; the incident goes on',
    'conflict: OPS-2 was moved to the trash in Linear; the incident goes on',
  ]);
  // Each by its name, once.
  expect((await rig.records('sync.advanced')).flatMap(({ body }) => body.conflicts)).toEqual([
    'OPS-1 was archived in Linear; the incident goes on',
    'OPS-2 was moved to the trash in Linear; the incident goes on',
  ]);
  const { blocks } = await rig.as('ana', { command: 'linear status', args: { limit: 2 } });
  expect(JSON.stringify(blocks)).toContain('The newest 2 of 3; --limit shows more.');
  world.restoreIssue(ana, 'OPS-1');
  world.restoreIssue(ana, 'OPS-2');
  expect(await told()).toEqual([
    'moved: OPS-1 was taken out of the archive of Linear',
    'moved: OPS-2 was restored in Linear',
  ]);
  world.purgeIssue(ana, 'OPS-3');
  expect(await told()).toEqual(['conflict: OPS-3 was deleted in Linear; the incident goes on']);
  expect(ids.map((id) => incident(rig, id).state)).toEqual(['open', 'open', 'open']);
  expect(await rig.records('incident.noted')).toHaveLength(5);
  expect(rig.linear.refused).toEqual([]);
});

test('it goes on where it was stopped, and stops where the budget of requests does', async () => {
  const rig = await open();
  const { world } = rig.linear;
  const { ana } = rig.users;
  for (let n = 0; n < 25; n++) await rig.open(`number ${n}`);
  await rig.sent();
  for (const issue of world.issues) {
    world.updateIssue(ana, issue.id, { stateId: 'Done' });
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  lose(rig);
  const details = (call: Call): boolean => call.body.toString().includes('reeveDetails');
  let asked = 0;
  rig.linear.faults.plan(
    (call) => details(call) && ++asked > 1,
    { kind: 'answer', answer: { status: 502, body: 'no' } },
    1,
  );
  expect(await rig.sync()).toBe('FAIL');
  expect((await rig.records('job.attempt')).at(-1)?.body.attempt.error_code).toBe('LINEAR_UNREAD');
  expect(await rig.records('incident.resolved')).toHaveLength(20);
  expect(await rig.records('sync.advanced')).toHaveLength(1);
  const before = rig.linear.asked.length;
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.records('incident.resolved')).toHaveLength(25);
  expect(rig.linear.asked.slice(before).filter((name) => name.startsWith('reeve'))).toEqual([
    'reeveChanged',
    'reeveComments',
    'reeveDetails',
  ]);

  rig.linear.remaining = 400;
  world.createComment(ana, { issueId: 'OPS-1', body: 'x' });
  lose(rig);
  expect(await rig.sync()).toBe('FAIL');
  expect((await rig.records('job.attempt')).at(-1)?.body.why).toContain('the budget of requests is spent');
});

test('issues that count for too much together are asked for in halves', async () => {
  const rig = await open();
  const { world, faults } = rig.linear;
  for (let n = 0; n < 5; n++) await rig.open(`number ${n}`);
  await rig.sent();
  for (const issue of world.issues) world.updateIssue(rig.users.ana, issue.id, { stateId: 'Done' });
  lose(rig);
  const asked: number[] = [];
  const tooMany = (call: Call): boolean => {
    const { query, variables } = JSON.parse(call.body.toString()) as {
      query: string;
      variables?: { filter?: { id?: { in: string[] } } };
    };
    const ids = variables?.filter?.id?.in.length ?? 0;
    if (query.includes('reeveDetails')) asked.push(ids);
    return ids > 2;
  };
  const userPresentableMessage =
    'The query is too complex. Complexity: 12305. Maximum allowed complexity: 10000.';
  const extensions = { type: 'invalid input', code: 'INPUT_ERROR', userPresentableMessage };
  const body = { errors: [{ message: 'Query too complex', extensions }] };
  faults.plan(tooMany, { kind: 'answer', answer: { status: 400, body } }, 1e9);
  expect(await rig.sync()).toBe('PASS');
  expect(await rig.records('incident.resolved')).toHaveLength(5);
  expect(asked).toEqual([5, 3, 2, 1, 2]);
});

test('what Linear says is left of requests or of complexity is kept to, whatever its limit is', () => {
  const budget = new Budget();
  budget.heard({ remaining: 900, limit: 1500, reset: 60_000 }, 0, 0);
  expect([budget.wait(1000, 0), budget.left(1000, 0)]).toEqual([0, 750]);
  budget.heard({ remaining: 24_000, limit: 250_000, reset: 30_000 }, 0, 0, 'complexity');
  expect(budget.wait(1000, 0)).toBe(30_000);
  budget.heard({ remaining: 149, limit: 1500, reset: 60_000 }, 0, 0);
  expect([budget.wait(1000, 0), budget.left(1000, 0), budget.wait(1000, 61_000)]).toEqual([60_000, 0, 0]);
});
