import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import type { Channel, Message } from '../../standins/slack/world.ts';
import { slackRig, textOf, type Bot, type SlackRig } from './rig.ts';

/** Starts the slow job in this channel; its live message. */
async function live({ slack, ben }: SlackRig, channel: Channel): Promise<Message> {
  const plan = await (await ben.slash(channel, '/reeve', 'run slow --project shop --env dev')).response();
  await ben.click(plan, 'Confirm exactly this');
  return slack.until(
    () => ben.sees(channel).find((m) => m.appId !== undefined && textOf(m).includes('is running')),
    'live',
  );
}

const finish = ({ world }: SlackRig): Promise<void> => writeFile(path.join(world.root, 'go'), '');
const self = ({ app, team }: SlackRig): string => app.botUsers.get(team.id) ?? '';

/** The message was given up with this reason, the job passed, and what comes after it in another channel is said. */
async function givenUp(rig: SlackRig & { bot: Bot }, why: string, elsewhere: Channel): Promise<void> {
  const { slack, world, ben, bot } = rig;
  await finish(rig);
  await until(async () => (await world.records('chat.closed')).length === 1);
  expect((await world.records('chat.closed'))[0]?.body.why).toContain(`Slack: ${why}`);
  const job = (await world.records('job.queued'))[0]?.body.job.job_id ?? '';
  expect(await world.app.running.jobs.wait(job)).toMatchObject({ status: 'PASS' });
  const plan = await (await ben.slash(elsewhere, '/reeve', 'deploy --project shop --env dev')).response();
  await ben.click(plan, 'Confirm exactly this');
  await slack.until(() => ben.sees(elsewhere).find((m) => textOf(m).includes('passed')), 'the next one');
  expect(bot.log.filter(({ level }) => level === 'error')).toEqual([]);
  slack.refusals.none();
}

test('taken out of a private channel while a message is live there: given up with the reason, and the job goes on', async () => {
  const rig = await slackRig({ hurry: 200 });
  const message = await live(rig, rig.approvals);
  rig.approvals.members.delete(self(rig));
  await givenUp(rig, 'channel_not_found', rig.ops);
  expect(textOf(message)).toContain('is running');
});

test('a channel that is archived while a message is live in it: given up with the reason, and the job goes on', async () => {
  const rig = await slackRig({ hurry: 200 });
  const message = await live(rig, rig.ops);
  rig.ops.archived = true;
  await givenUp(rig, 'is_inactive', rig.approvals);
  expect(textOf(message)).toContain('is running');
});

test.each([
  'not_in_channel',
  'no_permission',
  'cant_update_message',
  'restricted_action',
  'a_word_of_tomorrow',
])('an edit that Slack refuses with %s is given up with that word, and blames no token', async (word) => {
  const rig = await slackRig({ hurry: 200 });
  await live(rig, rig.ops);
  const answer = { status: 200, body: { ok: false, error: word } };
  rig.slack.web.faults.plan('POST chat.update', { kind: 'answer', answer });
  await givenUp(rig, word, rig.approvals);
  expect(rig.bot.log.filter(({ message }) => message.includes('token'))).toEqual([]);
});

test.each(['internal_error', 'service_unavailable', 'ratelimited'])(
  'an edit that Slack refuses for now, with %s, is tried again, and the message tells the end',
  async (word) => {
    const rig = await slackRig({ hurry: 200 });
    const { slack, world, bot } = rig;
    const message = await live(rig, rig.ops);
    const answer = { status: 200, body: { ok: false, error: word } };
    slack.web.faults.plan('POST chat.update', { kind: 'answer', answer });
    await finish(rig);
    await slack.until(() => textOf(message).includes('passed'), 'the end');
    await until(async () => (await world.records('chat.closed')).length === 1);
    expect((await world.records('chat.closed'))[0]?.body.why).toBeUndefined();
    expect(bot.log.filter(({ level }) => level === 'error')).toEqual([]);
  },
);

test('a scope that is taken away while a message is live: said with its name; given back, the message tells the end', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { slack, world, app, bot, ops, ben } = rig;
  const message = await live(rig, ops);
  app.scopes.delete('chat:write');
  await finish(rig);
  await slack.until(() => bot.log.find((one) => one.message.includes('missing_scope: needs chat:write')));
  // Answers have their own way meanwhile; what is to be posted waits.
  expect(textOf(await (await ben.slash(ops, '/reeve', 'status')).response())).toContain('test');
  const plan = await (await ben.slash(ops, '/reeve', 'deploy --project shop --env dev')).response();
  await ben.click(plan, 'Confirm exactly this');
  await until(async () => (await world.records('job.queued')).length === 2);
  expect(textOf(message)).toContain('is running');
  expect(await world.records('chat.closed')).toEqual([]);
  app.scopes.add('chat:write');
  await slack.until(() => textOf(message).includes('passed'), 'the end');
  const both = (): Message[] =>
    ben.sees(ops).filter((m) => m.appId !== undefined && m.ephemeralFor === undefined);
  await slack.until(() => both().length === 2 && both().every((m) => textOf(m).includes('passed')), 'both');
  await until(async () => (await world.records('chat.closed')).length === 2);
  expect((await world.records('chat.closed')).map(({ body }) => body.why)).toEqual([undefined, undefined]);
  slack.refusals.none();
});

test('the approvers’ channel without the bot: that nobody was asked is an alert, which ends with the next message there', async () => {
  const rig = await slackRig({ hurry: 200 });
  const { slack, world, ana, ben, ops, approvals } = rig;
  const ask = async (): Promise<void> => {
    const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env prod')).response();
    await ana.click(plan, 'Confirm exactly this');
  };
  approvals.members.delete(self(rig));
  await ask();
  const key = `chat:slack/${approvals.id}`;
  await until(async () => (await world.records('alert.raised')).length === 1);
  const raised = (await world.records('alert.raised'))[0]?.body;
  expect(raised).toMatchObject({ key, severity: 'warn' });
  expect(raised?.text).toMatch(/channel_not_found.*\n.*reeve doctor/u);
  approvals.members.add(self(rig));
  await ask();
  await slack.until(
    () => ben.sees(approvals).find((m) => textOf(m).includes('waits for approval')),
    'the card',
  );
  await until(async () => (await world.records('alert.resolved')).length === 1);
  expect((await world.records('alert.resolved'))[0]?.body).toMatchObject({ key });
  slack.refusals.none();
});
