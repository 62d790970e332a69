import { expect, test } from 'vitest';
import { until } from '../helpers/daemon.ts';
import { addRule, decided, explained, rulesDone } from '../rules/calls.ts';
import { openLinear, type Rig } from './rig.ts';

/** Brings what Linear tells to the daemon; resolves to what each delivery came to, once rules have looked. */
async function told(rig: Rig): Promise<string[]> {
  const before = (await rig.records('webhook.received')).length;
  await rig.deliver();
  await rulesDone(rig);
  const came = (await rig.records('webhook.received')).slice(before);
  return Promise.all(came.map(({ body }) => explained(rig, body.delivery)));
}
async function withRule(event: 'Issue' | 'Comment'): Promise<Rig> {
  const rig = await openLinear();
  await addRule(rig, `on: linear.${event}, runbook: touch, project: shop, env: dev`);
  // The key may be changed with reeve.yaml, so it is looked at anew.
  await rig.app.running.features.linearSettled();
  return rig;
}
const started = async (rig: Rig): Promise<number> => (await rig.records('job.queued')).length;

test('a rule on issues: our own issue, who we assign and what we close start nothing, not even once; what people do starts it', async () => {
  const rig = await withRule('Issue');
  const { world } = rig.linear;
  const { ana } = rig.users;
  const id = await rig.open();
  await rig.sent();
  const [made, ...others] = await told(rig);
  expect(others).toEqual([]);
  expect(made).toContain("It is Reeve's own issue OPS-1.");
  await rig.as('ana', { command: 'incidents ack', args: { incident: id } });
  await rig.sent();
  expect((await told(rig)).join('\n')).toContain('It is what Reeve itself changed of OPS-1.');
  await rig.as('ana', { command: 'incidents resolve', args: { incident: id, why: 'a larger pool' } });
  await rig.sent();
  expect((await told(rig)).join('\n')).toContain('It is what Reeve itself changed of OPS-1.');
  expect(new Set(await decided(rig))).toEqual(new Set(['loop']));
  expect(await started(rig)).toBe(0);

  // People: a change of ours, and an issue of their own.
  world.updateIssue(ana, 'OPS-1', { title: 'It was the pool' });
  await told(rig);
  expect((await decided(rig)).at(-1)).toBe('run');
  world.updateIssue(ana, 'OPS-1', { assigneeId: null });
  await told(rig);
  expect((await decided(rig)).at(-1)).toBe('run');
  expect(await started(rig)).toBe(2);
});

test('a rule on comments: our own starts nothing, also when it is here before Linear has answered us; one of a person does', async () => {
  const rig = await withRule('Comment');
  const { world, faults } = rig.linear;
  const id = await rig.open();
  await rig.sent();
  await told(rig);
  // It is done there, the answer to us is lost, and nothing more gets through for now.
  const making = ({ body }: { body: Buffer }): boolean => body.toString().includes('commentCreate');
  faults.plan(making, { kind: 'lose-answer' });
  faults.plan(() => true, { kind: 'drop' }, 1000);
  await rig.as('ana', { command: 'incidents note', args: { incident: id, text: 'the pool is full' } });
  await until(() => world.comments.length === 1);
  const [note] = await told(rig);
  expect((await rig.records('linear.done')).length).toBe(1);
  expect(note).toMatch(/It is Reeve's own comment [0-9a-f-]{36} in Linear\./);
  expect(note).toContain('"decision":"loop"');
  faults.clear();
  await rig.as('root', { command: 'linear retry', force: true });
  await rig.sent();
  expect(await started(rig)).toBe(0);
  world.createComment(rig.users.ana, { issueId: 'OPS-1', body: 'looking' });
  await told(rig);
  expect(await decided(rig)).toEqual(['loop', 'run']);
});

test('an incident that a rule’s own failed job opens has an issue, which starts the rule no second time', async () => {
  const rig = await openLinear();
  await rig.write(
    'runbooks/fails.md',
    '---\nrunbook: fails\ntitle: Fails\naction: deploy\ntimeout: 1m\n---\n```sh { name=one }\nfalse\n```\n',
  );
  await addRule(rig, 'on: linear.Issue.create, runbook: fails, project: shop, env: dev');
  rig.linear.world.createIssue(rig.users.ana, { title: 'do it', teamId: rig.linear.world.team.id });
  await told(rig);
  await rig.sent();
  expect(await rig.records('incident.opened')).toHaveLength(1);
  await told(rig);
  expect(await decided(rig)).toEqual(['run', 'loop']);
  expect(await started(rig)).toBe(1);
});
