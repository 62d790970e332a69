import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { ESTATE, openWorld, RUNBOOKS, type World } from '../helpers/app.ts';

/* What is done is what was shown: nothing newer, nothing unseen. */

const code = (reply: { error?: { code: string } | undefined }): string | undefined => reply.error?.code;
const NIGHT = `${ESTATE}schedules:
  night: { runbook: touch, project: shop, env: dev, cron: '0 3 1 1 *' }
`;
const EVIL = (RUNBOOKS['touch.md'] ?? '').replace(
  'echo "done=yes"',
  'echo evil >> trace.txt; echo "done=yes"',
);
const swap = (world: World, text: string): void =>
  writeFileSync(path.join(world.root, 'runbooks', 'touch.md'), text);

test('attack 45: a runbook swapped between the confirmation and the acceptance is not accepted', async () => {
  const world = await openWorld({ estate: NIGHT });
  swap(world, `${RUNBOOKS['touch.md']}\nA harmless word.\n`);
  const accept = { command: 'config accept', args: { mandate: 'schedule:night' } };
  const shown = await world.as('root', accept);
  expect(JSON.stringify(shown.blocks)).toContain('A harmless word');
  // At the last instant: what was confirmed has been checked, and nothing is accepted yet.
  const stop = world.app.store.ledger.subscribe((record) => {
    if (record.type === 'admin.intent') swap(world, EVIL);
  });
  const reply = await world.as('root', { ...accept, confirm: shown.confirm?.digest ?? '' });
  stop();
  expect(await readFile(path.join(world.root, 'runbooks', 'touch.md'), 'utf8')).toBe(EVIL);
  expect(code(reply)).toBe('CONFIRMATION_STALE');
  const accepted = await world.records('mandate.accepted');
  expect(accepted.filter((r) => !r.body.first_start)).toHaveLength(0);

  // A confirmation of before the swap is as good as none; one of what is there now is taken.
  expect(code(await world.as('root', { ...accept, confirm: shown.confirm?.digest ?? '' }))).toBe(
    'CONFIRMATION_STALE',
  );
  const again = await world.as('root', accept);
  expect(JSON.stringify(again.blocks)).toContain('echo evil');
  expect((await world.as('root', { ...accept, confirm: again.confirm?.digest ?? '' })).ok).toBe(true);
});

test('attack 27: an environment that wants its name typed is not confirmed by a digest alone, nor by another name', async () => {
  const estate = ESTATE.replace(
    'dev: {}\n      prod: { approvals: 1 }',
    'dev: {}\n      prod: { confirm_typed: true }',
  );
  const calls = `---
runbook: outer
title: Calls into prod
action: run
timeout: 1m
---
\`\`\`call { name=inner runbook=touch env=prod }
\`\`\`
`;
  const world = await openWorld({ estate, runbooks: { ...RUNBOOKS, 'outer.md': calls } });
  for (const command of [
    { command: 'deploy', args: { project: 'shop', env: 'prod' } },
    // From a place that does not ask for it, through a call, into one that does.
    { command: 'run', args: { runbook: 'outer', project: 'shop', env: 'dev' } },
  ])
    for (const interactive of [true, false]) {
      const shown = await world.as('ana', { ...command, interactive: true });
      expect(shown.confirm?.typed).toBe('prod');
      const confirm = shown.confirm?.digest ?? '';
      for (const typed of [undefined, '', 'dev', 'Prod', 'prod '])
        expect(
          code(
            await world.as('ana', {
              ...command,
              interactive,
              confirm,
              ...(typed === undefined ? {} : { typed }),
            }),
          ),
        ).toBe('CONFIRMATION_UNTYPED');
      expect(await world.records('grant.used')).toHaveLength(0);
    }
  const shown = await world.as('ana', {
    command: 'deploy',
    args: { project: 'shop', env: 'prod' },
    interactive: true,
  });
  const confirm = shown.confirm?.digest ?? '';
  const deploy = { command: 'deploy', args: { project: 'shop', env: 'prod' } };
  expect(
    await world.end(await world.as('ana', { ...deploy, interactive: true, confirm, typed: 'prod' })),
  ).toBe('PASS');
  // `--force` confirms whatever the plan is, and says so.
  expect(await world.end(await world.as('ana', { ...deploy, force: true }))).toBe('PASS');
});
