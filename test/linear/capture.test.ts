import { expect, test } from 'vitest';
import { openLinear } from './rig.ts';

test('what somebody said becomes a draft with its context, and the answer has the link', async () => {
  const rig = await openLinear('    labels: { capture: [feedback] }\n');
  const { world } = rig.linear;
  world.label('feedback');
  await rig.as('root', { command: 'secret set', args: { name: 'db', value: 'hunter2-hunter2' } });
  const args = {
    text: 'the export is hidden\nI looked for hunter2-hunter2',
    context: 'vic: where is it?\nana: in the menu',
  };
  const reply = await rig.as(
    'ana',
    { command: 'capture', args },
    { via: 'discord', account: '123456789012345678' },
  );
  expect(reply).toMatchObject({
    ok: true,
    title: '📌 Captured as OPS-1',
    data: { identifier: 'OPS-1', url: 'https://linear.app/works/issue/OPS-1' },
  });
  const [issue] = world.issues;
  expect(issue?.title).toBe('the export is hidden');
  expect(world.stateNamed(issue?.stateId ?? '').type).toBe('triage');
  expect(issue?.labelIds).toHaveLength(1);
  expect(issue?.description).toContain('> vic: where is it?');
  expect(issue?.description).toContain('Captured by ana (discord 123456789012345678)');
  expect(issue?.description).not.toContain('hunter2');
  // It is no incident, and a label on it opens none.
  expect(await rig.records('incident.opened')).toEqual([]);
});

test('without a text, outside of chat, there is nothing to keep', async () => {
  const rig = await openLinear();
  const refused = await rig.as('ana', { command: 'capture' });
  expect(refused.error).toMatchObject({
    code: 'CAPTURE_NOTHING',
    hint: expect.stringContaining('No text was given. Say it:'),
  });
  expect(await rig.records('linear.queued')).toEqual([]);
});

test('what is secret is hidden though Markdown would escape it', async () => {
  const rig = await openLinear();
  const value = 'p_a*s#s_word!';
  await rig.as('root', { command: 'secret set', args: { name: 'db', value } });
  const args = { text: `it says ${value}`, context: `before: ${value}` };
  expect(await rig.as('ana', { command: 'capture', args })).toMatchObject({ ok: true });
  const [issue] = rig.linear.world.issues;
  expect(`${issue?.title}\n${issue?.description}`).not.toContain('word');
  expect(issue?.description).toContain('> it says \\[redacted\\]');
});

test('in chat and API it is a command like any other; a viewer may not', async () => {
  const rig = await openLinear();
  const names = (await rig.app.running.door.inChat()).commands.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['capture', 'linear status', 'linear retry']));
  const refused = await rig.as('vic', { command: 'capture', args: { text: 'x' } });
  expect(refused.error?.code).toBe('FORBIDDEN');
});

test('without triage it waits in the backlog; while Linear is away it is kept, and says so', async () => {
  const rig = await openLinear();
  const { world } = rig.linear;
  world.team.triage = false;
  await rig.linear.close();
  const reply = await rig.as('ana', { command: 'capture', args: { text: 'later' } });
  expect(reply).toMatchObject({
    ok: true,
    title: '📌 Kept; Linear gets it as soon as it answers',
    data: { url: null },
  });
  await rig.linear.listen();
  await rig.as('root', { command: 'linear retry' });
  await rig.sent();
  expect(world.issues.map(({ title, stateId }) => [title, world.stateNamed(stateId).type])).toEqual([
    ['later', 'backlog'],
  ]);
});
