import { randomUUID } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { RecordBody } from '../../contracts/record.ts';
import { LinearApi } from '../../daemon/integrations/linear/api.ts';
import { Budget } from '../../daemon/integrations/linear/budget.ts';
import { loadSdk, requestOver } from '../../daemon/integrations/linear/transport.ts';
import { startLinear } from '../standins/linear/index.ts';
import { KEY } from './rig.ts';

/** The real client beside the stand-in of Linear. */
async function open() {
  const linear = await startLinear('lin_wh_8yyyzzz85a5abcdefabcdef');
  onTestFinished(() => linear.close());
  const bot = linear.world.user('bot');
  linear.keys.set(KEY, bot);
  const sdk = loadSdk();
  const request = requestOver({
    api: linear.url,
    token: KEY,
    allowed: [linear.host],
    budget: new Budget(),
    now: () => 0,
    monotonic: () => 0,
    sdk,
  });
  const api = new LinearApi(new sdk.LinearSdk(request), request, 'OPS');
  const create = (issue: string) => {
    const work: RecordBody<'linear.queued'>['work'] = {
      kind: 'issue',
      purpose: 'incident',
      title: 'checkout is slow',
      body: 'since noon',
      priority: 1,
      labels: ['incident'],
    };
    return api.perform({ issue, work }, { assigned: null, as: null });
  };
  return { world: linear.world, bot, create };
}

test('a label that was made anew under its name is found by the next try', async () => {
  const { world, create } = await open();
  world.label('incident');
  await create(randomUUID());
  world.labels.splice(0);
  const { id } = world.label('incident');
  const issue = randomUUID();
  await expect(create(issue)).rejects.toMatchObject({ kind: 'gone' });
  expect(await create(issue)).toMatchObject({ outcome: 'done' });
  expect(world.issues.map(({ labelIds }) => labelIds).at(-1)).toEqual([id]);
});

test('an issue whose answer was lost, and that somebody has put in the trash since, is made and waits no more', async () => {
  const { world, bot, create } = await open();
  const issue = randomUUID();
  await create(issue);
  world.deleteIssue(bot, issue);
  expect(await create(issue)).toMatchObject({ outcome: 'done', identifier: 'OPS-1' });
  expect(world.issues).toHaveLength(1);
});
