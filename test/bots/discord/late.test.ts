import { PermissionFlagsBits as P } from 'discord-api-types/v10';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import type { Message } from '../../standins/discord/world.ts';
import { scene, textOf, type Scene } from './rig.ts';

const TIMEOUT = { timeout: 40_000 };

async function live({ ana, ops, discord }: Scene): Promise<Message> {
  const slow = { runbook: 'slow', project: 'shop', env: 'dev' };
  const plan = await (await ana.slash(ops, '/reeve run', slow)).reply();
  await ana.click(plan, 'Confirm exactly this');
  return discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('▸ first')), 'it', 40_000);
}
const finish = ({ world }: Scene): Promise<void> => writeFile(path.join(world.root, 'go'), '');

test('an acknowledgement after three seconds: the person is told where it was asked, and nothing is done', async () => {
  const on = await scene();
  const { discord, world, ana, ops, log } = on;
  const late = async (act: () => Promise<unknown>): Promise<Message> => {
    const letGo = discord.rest.faults.hold('POST /interactions/*');
    await act();
    discord.clock.advance(3_001);
    letGo();
    return discord.changes.until(
      () => ana.sees(ops).find(({ content, id }) => content.includes('too late') && !told.has(id)),
      'the word',
      40_000,
    );
  };
  const told = new Set<string>();
  const deploy = { project: 'shop', env: 'dev' };
  const first = await late(() => ana.slash(ops, '/reeve deploy', deploy, { wait: false }));
  told.add(first.id);
  expect(first.content).toContain('Nothing of it was done');
  expect(first.pings.users).toEqual([ana.id]);
  expect(await world.records('chat.relayed')).toEqual([]);

  const plan = await (await ana.slash(ops, '/reeve deploy', deploy)).reply();
  await late(() => ana.click(plan, 'Confirm exactly this', { wait: false }));
  expect(await world.records('chat.pressed')).toEqual([]);
  // The button was not used up.
  await ana.click(plan, 'Confirm exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('an acknowledgement whose answer got lost was taken: the person gets the answer, and the command is done once', async () => {
  const { discord, world, ana, ops, log } = await scene();
  discord.rest.faults.plan('POST /interactions/*', { kind: 'lose-answer' });
  const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  discord.rest.faults.plan('POST /interactions/*', { kind: 'lose-answer' });
  await ana.click(plan, 'Confirm exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
});

test('429 on the edits of a live message, of its route and of all: it waits, shows the last state, and doubles nothing', async () => {
  const on = await scene();
  const { discord, world, ana, ops } = on;
  const message = await live(on);
  for (const scope of ['user', 'global'] as const)
    discord.rest.faults.plan('PATCH /channels/*', {
      kind: 'answer',
      answer: discord.limits.refusal(500, scope),
    });
  await finish(on);
  await discord.changes.until(() => textOf(message).includes('passed'), 'the end', 60_000);
  await expect.poll(() => world.records('chat.closed'), TIMEOUT).toHaveLength(1);
  expect(ana.sees(ops).filter(({ ephemeralFor }) => ephemeralFor === undefined)).toEqual([message]);
  discord.refusals.none();
});

test('an edit that Discord does not take for now is not sent again: the newest state is', async () => {
  const on = await scene();
  const { discord } = on;
  const message = await live(on);
  const edits: string[] = [];
  const refusal = { kind: 'answer' as const, answer: discord.limits.refusal(1000, 'user') };
  const seen = (call: { method: string; path: string; body: Buffer }): boolean => {
    if (call.method === 'PATCH' && call.path.startsWith('/channels/'))
      edits.push(call.body.toString('latin1'));
    return false;
  };
  discord.rest.faults.plan(seen, refusal);
  discord.rest.faults.plan('PATCH /channels/*', refusal);
  await discord.changes.until(() => edits.length > 0, 'an edit', 40_000);
  await finish(on);
  await discord.changes.until(() => textOf(message).includes('passed'), 'the end', 60_000);
  expect(edits.filter((edit) => edit === edits[0])).toHaveLength(1);
  discord.refusals.none();
});

test('a post that was taken while its answer got lost is one message, and the live one of its job', async () => {
  const { discord, world, ana, ops } = await scene();
  discord.rest.faults.plan('POST /channels/*', { kind: 'lose-answer' });
  const plan = await (await ana.slash(ops, '/reeve deploy', { project: 'shop', env: 'dev' })).reply();
  await ana.click(plan, 'Confirm exactly this');
  await discord.changes.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'it', 40_000);
  expect(ana.sees(ops).filter(({ ephemeralFor }) => ephemeralFor === undefined)).toHaveLength(1);
  expect(discord.rest.calls.filter(({ status }) => status === 'dropped')).toHaveLength(1);
  expect(await world.records('job.queued')).toHaveLength(1);
});

test('a permission that is taken away while a message is live: given up with the reason, and the job goes on', async () => {
  const on = await scene();
  const { discord, world, app, ops } = on;
  await live(on);
  discord.deny(ops, app.id, P.ViewChannel);
  await finish(on);
  await expect
    .poll(async () => (await world.records('chat.closed'))[0]?.body.why, TIMEOUT)
    .toContain('Missing Access');
  const job = (await world.records('job.queued'))[0]?.body.job.job_id ?? '';
  expect(await world.app.running.jobs.wait(job)).toMatchObject({ status: 'PASS' });
});
