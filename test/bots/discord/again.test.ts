import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { LOUD } from '../books.ts';
import { scene, textOf } from './rig.ts';

test('a retry has a live message of its own, where it was asked for; one from a terminal where the job was', async () => {
  const { discord, world, ops, approvals, ana } = await scene({ runbooks: LOUD });
  const seen = (channel: typeof ops, words: string, n = 1) =>
    discord.changes.until(
      () => ana.sees(channel).filter((m) => textOf(m).includes(words))[n - 1],
      `${words} in ${channel.name}`,
      40_000,
    );
  const plan = await (
    await ana.slash(ops, '/reeve run', { runbook: 'flaky', project: 'shop', env: 'dev' })
  ).reply();
  await ana.click(plan, 'Confirm exactly this');
  const first = await seen(ops, 'failed');
  const job = (await world.records('job.queued'))[0]?.body.job.job_id ?? '';
  // A step that failed is shown before the attempt has ended, and its end is shown later still.
  await expect.poll(() => world.records('chat.closed'), { timeout: 20_000 }).toHaveLength(1);

  await writeFile(path.join(world.root, 'ok'), '');
  const again = await (await ana.slash(approvals, '/reeve jobs retry', { job })).reply();
  await ana.click(again, 'Confirm exactly this');
  const second = await seen(approvals, 'passed');
  expect(textOf(second)).toMatch(/Attempt\W+2/);
  expect(textOf(first)).toContain('failed');
  await expect.poll(() => world.records('chat.closed'), { timeout: 20_000 }).toHaveLength(2);
  discord.refusals.none();
});

test('retried before the end of the first attempt was shown: neither message is left behind', async () => {
  const { discord, world, ops, ana } = await scene({ runbooks: LOUD });
  const plan = await (
    await ana.slash(ops, '/reeve run', { runbook: 'flaky', project: 'shop', env: 'dev' })
  ).reply();
  // Discord takes no edit while the first attempt ends and the second begins.
  const letGo = discord.rest.faults.hold('PATCH /channels/*');
  await ana.click(plan, 'Confirm exactly this');
  await expect.poll(async () => (await world.records('chat.posted')).length, { timeout: 20_000 }).toBe(1);
  const job = (await world.records('job.queued'))[0]?.body.job.job_id ?? '';
  await world.app.running.jobs.wait(job);
  await writeFile(path.join(world.root, 'ok'), '');
  const reply = await world.as('ana', { command: 'jobs retry', args: { job }, force: true });
  expect(reply.error).toBeUndefined();
  await expect.poll(async () => (await world.records('chat.posted')).length, { timeout: 20_000 }).toBe(2);
  letGo();
  await discord.changes.until(
    () => {
      const said = ana.sees(ops).filter(({ ephemeralFor }) => ephemeralFor === undefined);
      return said.length === 2 && said.every((m) => textOf(m).includes('passed'));
    },
    'both tell the end',
    40_000,
  );
  await expect.poll(() => world.records('chat.closed'), { timeout: 20_000 }).toHaveLength(1);
  discord.refusals.none();
});
