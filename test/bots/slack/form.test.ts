import { expect, test } from 'vitest';
import { manifestOf } from '../../../bots/slack/manifest.ts';
import { RUNBOOKS } from '../../helpers/app.ts';
import { buttonsOf, slackRig, textOf } from './rig.ts';

test('/reeve alone opens a form: command, its fields, suggestions, and the plan comes as with a line', async () => {
  const { slack, world, ops, ana, ben } = await slackRig();
  const form = await (await ana.slash(ops, '/reeve')).opened();
  expect((await ana.suggest(form, 'Command', 'deplo'))?.[0]?.value).toBe('deploy');
  // What this person may not do is not offered.
  expect((await ana.suggest(form, 'Command', 'config accept')) ?? []).toEqual([]);
  const admins = await (await ben.slash(ops, '/reeve')).opened();
  expect((await ben.suggest(admins, 'Command', 'config accept'))?.[0]?.value).toBe('config accept');
  expect(textOf(await (await ana.slash(ops, '/reeve', 'help config accept')).response())).toContain(
    'There is no command config accept for you',
  );
  await ana.select(form, 'Command', 'deploy');
  await slack.until(() => form.history.length === 1, 'its fields');
  expect(await ana.suggest(form, 'project', '')).toEqual([
    expect.objectContaining({ value: 'shop' }),
    expect.objectContaining({ value: 'other' }),
  ]);
  // What is not suggested can be chosen all the same.
  expect((await ana.suggest(form, 'project', 'nowhere'))?.map(({ value }) => value)).toEqual(['nowhere']);
  expect((await ana.suggest(form, 'env', 'stag'))?.map(({ value }) => value)).toEqual(['stag', 'staging']);
  const sent = await ana.submit(form, {
    Command: 'deploy',
    project: 'shop',
    env: 'staging',
    reason: 'a <form> & more',
  });
  expect(sent.notice).toBeUndefined();
  expect(ana.screen).toEqual([]);
  const plan = await slack.until(() => ana.sees(ops).find((m) => buttonsOf(m).length > 0), 'the plan');
  expect(plan.ephemeralFor).toBe(ana.id);
  const press = await ana.click(plan, 'Confirm exactly this');
  await ana.submit(await press.opened(), { 'Name of the environment': 'staging' });
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')));
  expect((await world.records('job.queued'))[0]?.body.job.anchor).toEqual({
    kind: 'interaction',
    id: `slack/view-${form.id}`,
  });
  slack.refusals.none();
});

test('a form that is sent before the fields of its command are there shows them first', async () => {
  const { slack, ops, ana, world } = await slackRig();
  const form = await (await ana.slash(ops, '/reeve')).opened();
  await ana.submit(form, { Command: 'deploy' });
  expect(ana.screen).toEqual([form]);
  expect(JSON.stringify(form.view.blocks)).toContain('"block_id":"project"');
  expect(await world.records('chat.relayed')).toHaveLength(0);
  await ana.close(form);
  slack.refusals.none();
});

test('200 runbooks: 49 have a command of their own, every one is reached by the line, the form and its suggestions', async () => {
  const names = Array.from({ length: 200 }, (_, n) => `book-${String(n).padStart(3, '0')}`);
  const runbooks = Object.fromEntries(
    names.map((name) => [
      `${name}.md`,
      `---\nrunbook: ${name}\ntitle: The ${name}\naction: run\ncommand: true\ntimeout: 1m\n---\n\`\`\`sh { name=go }\necho ${name}\n\`\`\`\n`,
    ]),
  );
  const { slack, ops, ana, world } = await slackRig({
    runbooks: { ...RUNBOOKS, ...runbooks },
    commands: ['/book-007'],
  });
  const manifest = manifestOf(await world.app.running.door.inChat());
  expect(manifest.features.slash_commands).toHaveLength(50);
  expect(manifest.features.slash_commands.map(({ command }) => command)).toContain('/book-007');

  const own = await ana.slash(ops, '/book-007', '--project shop --env dev');
  expect(textOf(await own.response())).toContain('book-007');
  const line = await ana.slash(ops, '/reeve', 'book-199 --project shop --env dev');
  expect(buttonsOf(await line.response())).toEqual(['Confirm exactly this']);
  const help = await ana.slash(ops, '/reeve', 'help');
  expect(textOf(await help.response())).toContain('in your messages');
  const file = await slack.until(
    () => ana.sees(ana.dm()).find(({ files }) => files.length > 0),
    'the whole list',
  );
  const bytes = slack.world.files.get(file.files[0] ?? '')?.bytes?.toString() ?? '';
  for (const name of names) expect(bytes).toContain(name);

  const form = await (await ana.slash(ops, '/reeve')).opened();
  expect((await ana.suggest(form, 'Command', ''))?.length).toBe(25);
  expect((await ana.suggest(form, 'Command', 'book-199'))?.map(({ value }) => value)).toEqual(['book-199']);
  await ana.select(form, 'Command', 'book-199');
  await slack.until(() => form.history.length === 1);
  await ana.submit(form, { Command: 'book-199', project: 'shop', env: 'dev' });
  await slack.until(() =>
    ana.sees(ops).find((m) => textOf(m).includes('book-199') && buttonsOf(m).length > 0 && !m.deletedAt),
  );
  slack.refusals.none();
});
