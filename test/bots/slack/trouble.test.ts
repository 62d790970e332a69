import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

const DEPLOY = 'deploy --project shop --env dev';

/** Asks for the plan of a deploy to dev, and confirms it. */
async function deployed({ ana, ops }: Pick<SlackRig, 'ana' | 'ops'>): Promise<void> {
  const plan = await (await ana.slash(ops, '/reeve', DEPLOY)).response();
  await ana.click(plan, 'Confirm exactly this');
}

test('attack 31: a command, a press and a form that are delivered twice do their thing once', async () => {
  const { slack, world, ops, ana, ben } = await slackRig();
  slack.socket.duplicateNext();
  const asked = await ben.slash(ops, '/reeve', 'pause --reason tidying');
  await slack.until(() => asked.responses.length >= 2 || undefined, 'both deliveries are answered');
  expect((await world.records('chat.relayed')).map(({ body }) => body.command)).toEqual(['pause']);
  // What changed something is for everybody, once; the second answer is for who asked.
  expect(new Set(asked.responses.map(({ ephemeralFor }) => ephemeralFor))).toEqual(
    new Set([ben.id, undefined]),
  );
  await (await ben.slash(ops, '/reeve', 'resume')).response();

  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env staging')).response();
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  slack.socket.duplicateNext();
  const sent = await ana.submit(form, { 'Name of the environment': 'staging' });
  expect(sent.notice).toBeUndefined();
  const settled = (): boolean => slack.hooks.uses.filter(({ body }) => 'delete_original' in body).length >= 1;
  await slack.until(settled, 'the plan is taken away');
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(await world.records('chat.pressed')).toHaveLength(1);
  slack.refusals.none();
});

test('a double click starts one job, and the second is told that it counts once', async () => {
  const { slack, world, ops, ana } = await slackRig();
  const plan = await (await ana.slash(ops, '/reeve', DEPLOY)).response();
  await Promise.all([ana.click(plan, 'Confirm exactly this'), ana.click(plan, 'Confirm exactly this')]);
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('counts once')));
  await until(async () => (await world.records('chat.closed')).length === 1);
  expect(await world.records('job.queued')).toHaveLength(1);
  slack.refusals.none();
});

test('Slack recycles the connection in mid-command: it is made anew, and the answer gets there', async () => {
  const { slack, world, ops, ana, app, bot } = await slackRig();
  for (const reason of ['refresh_requested', 'warning'] as const) {
    const before = slack.socket.connections;
    const letGo = slack.web.faults.hold('POST *');
    const asked = await ana.slash(ops, '/reeve', DEPLOY, { wait: false });
    slack.socket.disconnect(reason);
    letGo();
    slack.web.faults.clear();
    await slack.until(() => slack.socket.connections > before && slack.socket.of(app).length > 0, reason);
    expect(buttonsOf(await asked.response())).toEqual(['Confirm exactly this']);
  }
  slack.socket.drop();
  await slack.until(() => slack.socket.of(app).length === 0);
  await slack.until(() => slack.socket.of(app).length > 0, 'a cut connection');
  const status = await ana.slash(ops, '/reeve', 'status');
  expect(status.notice).toBeUndefined();
  expect((await world.records('chat.relayed')).length).toBe(2);
  expect(bot.log.filter(({ level }) => level === 'error')).toEqual([]);
});

test('Slack is down while a job is live: the bot lives, comes back by itself and says how it ended', async () => {
  const rig = await slackRig();
  const { slack, world, ops, ana, ben, app, bot } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'run slow --project shop --env dev')).response();
  await ana.click(plan, 'Confirm exactly this');
  const live = await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('is running')));
  await slack.goDown();
  await writeFile(path.join(world.root, 'go'), '');
  await slack.until(() => bot.log.some(({ message }) => message.includes('no connection')), 'it says so');
  await until(async () =>
    (await world.records('job.attempt')).some(({ body }) => body.attempt.status === 'PASS'),
  );
  await slack.comeBack();
  await slack.until(() => slack.socket.of(app).length > 0, 'it is back');
  await slack.until(() => textOf(live).includes('passed'));
  await deployed(rig);
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('Leave a trace on')));
  expect(live.deletedAt).toBeUndefined();
  expect(ben.sees(ops).filter(({ appId }) => appId !== undefined)).toHaveLength(2);
  slack.refusals.none();
});

test('429: the channel waits as long as Slack says, others go on, nothing is lost or doubled', async () => {
  const rig = await slackRig();
  const { slack, world, ops, ben } = rig;
  const refusal = { kind: 'answer' as const, answer: slack.limits.refusal(2) };
  slack.web.faults.plan('POST chat.postMessage', refusal, 2);
  slack.web.faults.plan('POST chat.update', refusal);
  await deployed(rig);
  const live = await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')));
  await until(async () => (await world.records('chat.closed')).length === 1);
  expect(ben.sees(ops).filter(({ appId }) => appId !== undefined)).toEqual([live]);
  const tried = slack.web.calls.filter(({ method }) => method === 'chat.postMessage');
  expect(tried.map(({ result }) => result)).toEqual(['ratelimited', 'ratelimited', 'ok']);
  const [first, second, third] = tried.map(({ at }) => at);
  expect(Math.min(second! - first!, third! - second!)).toBeGreaterThanOrEqual(1900);
  slack.refusals.none();
});

test('a response_url that is used up or too old: the answer comes as a message of the bot, to the same person', async () => {
  const { slack, ops, ana, ben } = await slackRig();
  const asked = await ana.slash(ops, '/reeve', 'deploy --project shop --env staging');
  const plan = await asked.response();
  const press = await ana.click(plan, 'Confirm exactly this');
  const form = await press.opened();
  press.activity.responseUrlUses = 5;
  await ana.submit(form, { 'Name of the environment': 'wrong' });
  const said = await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('CONFIRMATION')));
  expect(said.ephemeralFor).toBe(ana.id);
  expect(slack.hooks.uses.at(-1)?.result).toBe('used_url');

  // Half an hour later, and the bot was taken out of the channel meanwhile: its own conversation is left.
  const again = await (await ana.click(plan, 'Confirm exactly this')).opened();
  again.view.private_metadata = (again.view.private_metadata ?? '').replace(/"at":\d+/, '"at":1');
  ops.members.delete(slack.world.apps.values().next().value?.botUsers.values().next().value ?? '');
  const uses = slack.hooks.uses.length;
  await ana.submit(again, { 'Name of the environment': 'wrong' });
  const direct = await slack.until(() => ana.sees(ana.dm()).find((m) => textOf(m).includes('CONFIRMATION')));
  expect(direct.channelId).not.toBe(ops.id);
  expect(slack.hooks.uses).toHaveLength(uses);
  expect(ben.sees(ops).filter(({ appId }) => appId !== undefined)).toEqual([]);
  slack.refusals.none();
});

test('an app-level token that is revoked is said, again and again, and the process lives', async () => {
  const { slack, app, bot, ops, ana } = await slackRig();
  slack.revokeToken(app, app.appToken, 'invalid_auth');
  await slack.until(() => bot.log.find(({ message }) => message.includes('refuses the app-level token')));
  app.revoked.clear();
  await slack.until(() => slack.socket.of(app).length > 0, 'it is taken again');
  expect((await ana.slash(ops, '/reeve', 'status')).notice).toBeUndefined();
});

test('a bot token that is revoked is said with what to do, at the start and in the middle', async () => {
  const rig = await slackRig({ start: false });
  const { slack, app, token, ops, ben } = rig;
  slack.revokeToken(app, token);
  const bot = await rig.startBot({ hears: false });
  const said = await slack.until(() => bot.log.find(({ level }) => level === 'error'));
  expect(said.message).toContain('refuses the bot token (token_revoked)');
  expect(said.message).toContain('reeve secret set slack_bot_token');
  app.revoked.clear();
  await slack.until(() => slack.socket.of(app).length > 0, 'it is taken again');
  slack.revokeToken(app, token, 'account_inactive');
  await deployed(rig);
  await slack.until(() => bot.log.find(({ message }) => message.includes('account_inactive')));
  app.revoked.clear();
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), 'nothing was lost');
});
