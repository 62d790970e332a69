import { expect, test } from 'vitest';
import { openLinear, type Rig } from './rig.ts';

const heard = async (rig: Rig) =>
  (await rig.records('linear.heard')).map(({ body: { did, why } }) => `${did}: ${why}`);
const notes = async (rig: Rig) => (await rig.records('incident.noted')).map(({ body }) => body.text);

test.each([
  ['remove', 'restore'],
  ['update', 'update'],
] as const)(
  'a webhook that tells of the archive by %s, and of the way back by %s, is told as what it was',
  async (away, back) => {
    const rig = await openLinear();
    const { world } = rig.linear;
    const { ana, stranger } = rig.users;
    const id = await rig.open();
    await rig.sent();
    await rig.deliver();
    world.archiveIssue(stranger, 'OPS-1', away);
    await rig.deliver();
    world.restoreIssue(stranger, 'OPS-1', back);
    await rig.deliver();
    world.deleteIssue(ana, 'OPS-1');
    await rig.deliver();
    world.restoreIssue(ana, 'OPS-1', back);
    await rig.deliver();
    world.deleteIssue(ana, 'OPS-1');
    await rig.deliver();
    const all = [
      'OPS-1 was archived in Linear; the incident goes on',
      'OPS-1 was taken out of the archive of Linear',
      'OPS-1 was moved to the trash in Linear; the incident goes on',
      'OPS-1 was restored in Linear',
      'OPS-1 was moved to the trash in Linear; the incident goes on',
    ];
    expect(await notes(rig)).toEqual(all);
    expect(rig.app.running.features.incidents.get(id).state).toBe('open');
    // What is in the trash is gone for what is sent there, and what is deleted from there is told as that.
    await rig.sent();
    world.purgeIssue(ana, 'OPS-1');
    await rig.deliver();
    expect((await notes(rig)).at(-1)).toBe('OPS-1 was deleted in Linear; the incident goes on');
    const { data } = await rig.as('ana', { command: 'linear status' });
    expect(JSON.stringify(data)).toContain('was archived in Linear');
  },
);

test('what is archived when it is over is no conflict, and what is archived can still be written to', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  const { ana } = rig.users;
  const over = await rig.open('over');
  const open = await rig.open('open');
  await rig.as('ana', { command: 'incidents resolve', args: { incident: over, why: 'over' } });
  await rig.sent();
  await rig.deliver();
  world.archiveIssue(ana, 'OPS-1');
  world.archiveIssue(ana, 'OPS-2');
  await rig.deliver();
  expect(await heard(rig)).toHaveLength(2);
  expect(await notes(rig)).toEqual(['OPS-2 was archived in Linear; the incident goes on']);
  await rig.as('ana', { command: 'incidents ack', args: { incident: open } });
  await rig.sent();
  expect(world.issue('OPS-2').assigneeId).toBe(ana.id);
});
