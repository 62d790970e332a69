import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { LOUD } from '../books.ts';
import { slackRig, textOf } from './rig.ts';

test('a retry has a live message of its own, where it was asked for; one from a terminal where the job was', async () => {
  const { slack, world, ops, ana, ben } = await slackRig({ runbooks: LOUD });
  const ended = (n: number, words: string) =>
    slack.until(() => {
      const messages = ben.sees(ops).filter(({ appId }) => appId !== undefined);
      const last = messages[n - 1];
      return last !== undefined && textOf(last).includes(words) ? last : undefined;
    }, `message ${n}: ${words}`);
  const plan = await (await ana.slash(ops, '/reeve', 'run flaky --project shop --env dev')).response();
  await ana.click(plan, 'Confirm exactly this');
  const first = await ended(1, 'failed');
  const job = (await world.records('job.queued'))[0]?.body.job.job_id ?? '';
  await until(async () => (await world.records('chat.closed')).length === 1);

  const again = await (await ana.slash(ops, '/reeve', `jobs retry ${job}`)).response();
  await ana.click(again, 'Confirm exactly this');
  expect(textOf(await ended(2, 'failed'))).toMatch(/Attempt\W+2/);
  await until(async () => (await world.records('chat.closed')).length === 2);

  await writeFile(path.join(world.root, 'ok'), '');
  await world.as('ana', { command: 'jobs retry', args: { job }, force: true });
  expect(textOf(await ended(3, 'passed'))).toMatch(/Attempt\W+3/);
  expect(textOf(first)).toContain('failed');
  slack.refusals.none();
});
