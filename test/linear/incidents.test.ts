import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { openLinear, type Rig } from './rig.ts';

const stateOf = ({ linear: { world } }: Rig, n = 0): string =>
  world.stateNamed(world.issues[n]?.stateId ?? '').name;
const incident = (rig: Rig, id: string) => rig.app.running.features.incidents.get(id);
const heard = async (rig: Rig) => (await rig.records('linear.heard')).map(({ body }) => body);

test('an incident becomes an issue: notes are comments, who takes it on is assigned, resolved is completed; nothing comes back twice', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const id = await rig.open();
  await rig.sent();
  const [issue] = world.issues;
  expect(issue).toMatchObject({ title: 'checkout is slow', priority: 1, assigneeId: null });
  expect(issue?.description).toContain(id);
  await rig.as('ana', { command: 'incidents note', args: { incident: id, text: 'the pool is *full*' } });
  await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
  await rig.sent();
  expect(world.comments.map(({ body }) => body)).toEqual([
    String.raw`> the pool is \*full\*` + '\n\n— ana, in Reeve',
  ]);
  expect(issue?.assigneeId).toBe(rig.users.ana.id);
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'a larger pool' } });
  await rig.sent();
  expect([stateOf(rig), world.comments.length]).toEqual(['Done', 2]);

  // Linear tells of all of it, and all of it is our own.
  await rig.deliver();
  await rig.sent();
  expect(await heard(rig)).toEqual([]);
  expect(await rig.records('incident.noted')).toHaveLength(1);
  expect(world.comments).toHaveLength(2);
  expect(rig.linear.refused).toEqual([]);
  const { data } = await rig.as('ana', { command: 'linear status' });
  expect(data).toMatchObject({
    team: 'OPS',
    waiting: [],
    odd: [],
    links: [{ incident: id, identifier: 'OPS-1', url: 'https://linear.app/works/issue/OPS-1' }],
  });
});

test('what mapped people do in Linear is done here as those people, once, and does not go back', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const { ana } = rig.users;
  const id = await rig.open();
  await rig.sent();
  world.updateIssue(ana, 'OPS-1', { assigneeId: ana.id });
  world.createComment(ana, { issueId: 'OPS-1', body: 'looking' });
  await rig.deliver();
  expect(incident(rig, id)).toMatchObject({ state: 'acknowledged', acknowledged_by: 'ana' });
  expect((await rig.records('incident.noted')).map(({ body }) => [body.by, body.text])).toEqual([
    ['ana', 'looking'],
  ]);
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  await rig.deliver();
  expect(incident(rig, id)).toMatchObject({
    state: 'resolved',
    resolved_by: 'ana',
    resolution: 'In Linear: OPS-1 is Done',
  });
  await rig.sent();
  await rig.deliver();
  expect(world.comments).toHaveLength(1);
  expect((await heard(rig)).map(({ did }) => did)).toEqual(['acknowledged', 'noted', 'resolved']);
});

test('strangers and people without the role change nothing, and it is said', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const { stranger, vic } = rig.users;
  const id = await rig.open();
  await rig.sent();
  world.updateIssue(stranger, 'OPS-1', { stateId: 'Done' });
  world.createComment(vic, { issueId: 'OPS-1', body: 'me too' });
  world.updateIssue(rig.users.ana, 'OPS-1', { assigneeId: vic.id });
  await rig.deliver();
  expect(incident(rig, id).state).toBe('open');
  expect(await rig.records('incident.noted')).toEqual([]);
  expect((await heard(rig)).map(({ did, why }) => [did, why])).toEqual([
    ['refused', expect.stringContaining('is nobody here')],
    ['refused', 'vic may not do that in shop/dev'],
    ['refused', 'vic may not take on what happens in shop/dev'],
  ]);
});

test('a conflict is reported on both sides and nothing is overwritten', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const { ana, stranger } = rig.users;
  const first = await rig.open('first');
  await rig.sent();
  // Somebody is assigned over there, and nobody has heard of it yet, when ana takes it on here.
  world.updateIssue(stranger, 'OPS-1', { assigneeId: stranger.id });
  await rig.as('ana', { command: 'incidents ack', args: { incident: first } });
  await rig.sent();
  expect(world.issue('OPS-1').assigneeId).toBe(stranger.id);
  const notes = await rig.app.running.features.incidents.timeline(first);
  expect(notes.map(({ text }) => text).join('\n')).toContain(
    'OPS-1 is assigned to somebody else in Linear, and stays so',
  );
  expect(world.comments.map(({ body }) => body).join()).toContain('stays so');

  // Canceled over there without anybody here: resolved here does not make it completed.
  world.updateIssue(stranger, 'OPS-1', { stateId: 'Canceled' });
  await rig.as('ana', { command: 'incidents resolve', args: { incident: first, why: 'over' } });
  await rig.sent();
  expect(stateOf(rig)).toBe('Canceled');

  // Opened again over there: the incident here stays as it is.
  world.updateIssue(ana, 'OPS-1', { stateId: 'In Progress' });
  await rig.deliver();
  expect(incident(rig, first).state).toBe('resolved');
  const { data } = await rig.as('ana', { command: 'linear status' });
  expect((data as { odd: { why: string }[] }).odd.map(({ why }) => why).join('\n')).toMatch(
    /opened again in Linear[^]*is Canceled in Linear[^]*assigned to somebody else/,
  );
});

test('deliveries that overtake each other: what is older than what was heard changes nothing', async () => {
  const rig = await openLinear();
  const { world, deliveries } = rig.linear;
  const { ana } = rig.users;
  const id = await rig.open();
  await rig.sent();
  await rig.deliver();
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  // The next one is of a later millisecond.
  const { createdAt } = JSON.parse(deliveries.at(-1)?.body ?? '{}') as { createdAt: string };
  await until(async () => Date.now() > Date.parse(createdAt));
  world.updateIssue(ana, 'OPS-1', { stateId: 'In Progress' });
  deliveries.reverse();
  await rig.deliver();
  expect(incident(rig, id).state).toBe('open');
  const { data } = await rig.as('ana', { command: 'linear status' });
  expect(JSON.stringify(data)).toContain('changed again since');
  // What comes after both counts.
  world.updateIssue(ana, 'OPS-1', { stateId: 'Done' });
  await rig.deliver();
  expect(incident(rig, id).state).toBe('resolved');
});

test('an issue that was deleted over there is said to be gone, and the rest goes on', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const id = await rig.open();
  await rig.sent();
  world.deleteIssue(rig.users.ana, 'OPS-1');
  await rig.deliver();
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'over' } });
  await rig.open('another');
  await rig.sent();
  expect(world.issues).toHaveLength(2);
  expect((await rig.records('linear.done')).map(({ body }) => body.outcome)).toContain('gone');
});

test('actions of the postmortem become issues of their owners, and reviewing again makes no second one', async () => {
  const rig = await openLinear('    labels: { incident: [incident], action: [action, nowhere] }\n');
  const { world } = rig.linear;
  const label = world.label('action');
  world.label('incident', world.team.id);
  for (let n = 0; n < 3; n++) world.label(`other ${n}`);
  const id = await rig.open();
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'over' } });
  const args = { incident: id, summary: 'small pool', action: ['raise it @ana', 'watch it @nobody'] };
  await rig.as('ana', { command: 'incidents review', args });
  await rig.as('ana', { command: 'incidents review', args });
  await rig.sent();
  expect(world.issues.map(({ title, assigneeId, labelIds }) => [title, assigneeId, labelIds.length])).toEqual(
    [
      ['checkout is slow', null, 1],
      ['raise it', rig.users.ana.id, 1],
      ['watch it', null, 1],
    ],
  );
  expect(world.issues[1]?.labelIds).toEqual([label.id]);
  expect(world.issues[2]?.description).toContain('owner: nobody');
});

test('a label opens one incident at that very issue; the label of our own issues opens none', async () => {
  const rig = await openLinear(
    '    labels: { incident: [incident] }\n    opens: { label: incident, project: shop, env: prod }\n',
  );
  const { world } = rig.linear;
  const { ana, vic } = rig.users;
  const label = world.label('incident');
  await rig.open('ours');
  await rig.sent();
  await rig.deliver();
  expect(await rig.records('incident.opened')).toHaveLength(1);

  const made = world.createIssue(ana, { teamId: world.team.id, title: 'mails are late', priority: 2 });
  await rig.deliver();
  world.updateIssue(vic, made.id, { labelIds: [label.id] });
  await rig.deliver();
  expect(await rig.records('incident.opened')).toHaveLength(1);
  world.updateIssue(ana, made.id, { labelIds: [] });
  world.updateIssue(ana, made.id, { labelIds: [label.id] });
  world.updateIssue(ana, made.id, { title: 'mails are very late' });
  await rig.deliver();
  await rig.sent();
  const opened = (await rig.records('incident.opened')).map(({ body }) => body);
  expect(opened[1]).toMatchObject({
    title: 'mails are late',
    by: 'ana',
    project: 'shop',
    env: 'prod',
    severity: 'warn',
  });
  expect(opened).toHaveLength(2);
  expect(world.issues).toHaveLength(2);

  // From here on it is an incident's issue like any other.
  await rig.as('root', {
    command: 'incidents resolve',
    args: { incident: opened[1]?.id ?? '', why: 'sent' },
  });
  await rig.sent();
  expect(stateOf(rig, 1)).toBe('Done');
});

test('what is secret, and Markdown that somebody wrote, does not reach Linear as such', async () => {
  const rig = await openLinear();
  await rig.as('root', { command: 'secret set', args: { name: 'db', value: 'hunter2-hunter2' } });
  const id = await rig.open('the password hunter2-hunter2 is wrong');
  const text = '![x](https://evil.example/p.png) @everyone hunter2-hunter2\n# head';
  await rig.as('ana', { command: 'incidents note', args: { incident: id, text } });
  await rig.sent();
  const all = JSON.stringify([rig.linear.world.issues, rig.linear.world.comments]);
  expect(all).not.toContain('hunter2');
  expect(rig.linear.world.comments[0]?.body).toContain(
    String.raw`> \!\[x\]\(https://evil.example/p.png\) \@everyone`,
  );
});
