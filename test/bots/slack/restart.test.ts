import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { REPO, until } from '../../helpers/daemon.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

const SLOW = 'run slow --project shop --env dev';

/** The bot as the process it is in production. */
async function launch({ slack, world, app, token }: SlackRig): Promise<ChildProcess> {
  const before = slack.socket.connections;
  const child = spawn(process.execPath, [path.join(REPO, 'bots/slack/main.ts')], {
    env: {
      PATH: process.env['PATH'] ?? '',
      REEVE_HOME: world.home,
      REEVE_SLACK_BOT_TOKEN: token,
      REEVE_SLACK_APP_TOKEN: app.appToken,
      REEVE_SLACK_API: slack.api,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  onTestFinished(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
  await Promise.race([
    slack.until(() => slack.socket.connections > before, 'the bot connects'),
    once(child, 'exit').then(() => Promise.reject(new Error(`the bot ended:\n${said}`))),
  ]);
  return child;
}

/** Starts the slow job and waits for its live message. */
async function live({ slack, ops, ana, ben }: SlackRig) {
  const plan = await (await ana.slash(ops, '/reeve', SLOW)).response();
  expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);
  await ana.click(plan, 'Confirm exactly this');
  return slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('is running')), 'a live message');
}

const own = ({ ops, ben }: SlackRig) => ben.sees(ops).filter(({ appId }) => appId !== undefined);
const finish = ({ world }: SlackRig): Promise<void> => writeFile(path.join(world.root, 'go'), '');

test('the bot is killed while a job is live: the next one goes on with the same message', async () => {
  const rig = await slackRig({ start: false });
  const first = await launch(rig);
  const message = await live(rig);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await finish(rig);
  await until(async () =>
    (await rig.world.records('job.attempt')).some(({ body }) => body.attempt.status === 'PASS'),
  );
  expect(textOf(message)).toContain('is running');

  const second = await launch(rig);
  await rig.slack.until(() => textOf(message).includes('passed'), 'the message goes on');
  await until(async () => (await rig.world.records('chat.closed')).length === 1);
  expect(own(rig)).toEqual([message]);
  expect(await rig.world.records('job.queued')).toHaveLength(1);

  second.kill('SIGTERM');
  expect(await once(second, 'exit')).toEqual([0, null]);
  rig.slack.refusals.none();
});

test('killed after Slack had taken a post and before the daemon knew: it is found, not sent twice', async () => {
  const rig = await slackRig();
  const { slack, world, bot } = rig;
  // The answer is lost, so the bot cannot know; and it dies before it tries again.
  slack.web.faults.plan('POST chat.postMessage', { kind: 'lose-answer' });
  const letGo = slack.web.faults.hold('POST conversations.history');
  const { ana, ops } = rig;
  const plan = await (await ana.slash(ops, '/reeve', SLOW)).response();
  await ana.click(plan, 'Confirm exactly this');
  const message = await slack.until(() => own(rig)[0], 'it stands there');
  const stopped = bot.stop();
  letGo();
  await stopped;
  expect(await world.records('chat.posted')).toHaveLength(0);
  await rig.startBot();
  await finish(rig);
  await slack.until(() => textOf(message).includes('passed'), 'the message goes on');
  expect(own(rig)).toEqual([message]);
  slack.refusals.none();
});

test('the daemon is restarted while a job is live: commands wait for it, the message tells the end', async () => {
  const rig = await slackRig();
  const message = await live(rig);
  const restarting = rig.world.restart();
  const status = await rig.ana.slash(rig.ops, '/reeve', 'status');
  expect(status.notice).toBeUndefined();
  await restarting;
  expect(textOf(await status.response())).toContain('test');
  await rig.slack.until(() => /unknown outcome|passed|cancelled/.test(textOf(message)), 'it goes on');
  expect(own(rig)).toEqual([message]);
  rig.slack.refusals.none();
});

test('a message that is deleted while live is closed with the reason, and comes back by no means', async () => {
  const rig = await slackRig();
  const message = await live(rig);
  rig.ben.remove(message);
  await finish(rig);
  await until(async () => (await rig.world.records('chat.closed')).length === 1);
  expect((await rig.world.records('chat.closed'))[0]?.body.why).toContain('message_not_found');
  expect(own(rig)).toEqual([]);
  rig.slack.refusals.none();
});

test('a channel without the bot: the post is given up with the reason, and the next ones go on', async () => {
  const rig = await slackRig();
  const { slack, world, app, team, ana, ben, ops } = rig;
  const lonely = slack.addChannel(team, 'lonely');
  lonely.members.add(ana.id);
  const plan = await (await ana.slash(lonely, '/reeve', 'deploy --project shop --env dev')).response();
  await ana.click(plan, 'Confirm exactly this');
  await until(async () => (await world.records('chat.posted')).length === 1);
  expect((await world.records('chat.posted'))[0]?.body.why).toContain('not_in_channel');
  expect(app.botUsers.size).toBe(1);
  const next = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env dev')).response();
  await ana.click(next, 'Confirm exactly this');
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')));
  slack.refusals.none();
});
