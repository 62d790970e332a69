import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import type { Turn } from '../../standins/slack/turn.ts';
import { slackRig, textOf, type SlackRig } from './rig.ts';

test('a form that Slack no longer opens: the person gets an answer all the same, and nothing is done twice', async () => {
  const { slack, world, ops, ana, ben } = await slackRig();
  const body = { ok: false, error: 'expired_trigger_id' };
  slack.web.faults.plan('POST views.open', { kind: 'answer', answer: { status: 200, body } }, 2);
  const bare = await ana.slash(ops, '/reeve', '');
  expect(textOf(await bare.response())).toMatch(/deploy/);

  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env staging')).response();
  const press = await ana.click(plan, 'Confirm exactly this');
  expect(textOf(await press.response())).toContain('is confirmed by typing its name');
  expect(await world.records('job.queued')).toEqual([]);
  // Nothing was used up: the next one opens.
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  await ana.submit(form, { 'Name of the environment': 'staging' });
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), 'the job ran');
  expect(await world.records('job.queued')).toHaveLength(1);
});

/** What the person does next reaches the bot only when Slack has given it up. */
async function late({ slack }: SlackRig, act: () => Promise<Turn>): Promise<Turn> {
  const letGo = slack.socket.hold();
  const turn = await act();
  slack.clock.advance(3_001);
  letGo();
  await slack.until(() => turn.activity.lateAcks === 1, 'the late acknowledgement');
  return turn;
}

test('acknowledged over the socket after three seconds: Slack’s notice, then the answer all the same; pressed again it counts once', async () => {
  const rig = await slackRig();
  const { slack, world, ops, ana, ben, bot } = rig;
  const wait = { wait: false };
  const asked = await late(rig, () => ana.slash(ops, '/reeve', 'deploy --project shop --env staging', wait));
  expect(asked.notice).toContain('did not respond');
  const plan = await asked.response();
  // Slack opens no form for a press as old as that: the answer says what is missing, and nothing is used up.
  const press = await late(rig, () => ana.click(plan, 'Confirm exactly this', wait));
  expect(press.notice).toBeDefined();
  expect(textOf(await press.response())).toContain('is confirmed by typing its name');
  expect(await world.records('job.queued')).toEqual([]);
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  const sent = await late(rig, () => ana.submit(form, { 'Name of the environment': 'staging' }, wait));
  expect(sent.notice).toBeDefined();
  // To this person it looks as if it had failed, so they send it again.
  await ana.submit(form, { 'Name of the environment': 'staging' });
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), 'the job ran');
  await until(async () => (await world.records('chat.closed')).length === 1);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(await world.records('chat.pressed')).toHaveLength(1);
  expect(bot.log.filter(({ level }) => level === 'error')).toEqual([]);
  slack.refusals.none();
});

test('attack 31: what comes once more with a retry_attempt, in an envelope of its own, is acknowledged and done once', async () => {
  const rig = await slackRig();
  const { slack, world, app, ops, ana, ben, bot } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env staging')).response();
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  await ana.submit(form, { 'Name of the environment': 'staging' });
  await slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), 'the job ran');
  await (await ben.slash(ops, '/reeve', 'pause --reason tidying')).response();
  const acknowledged: string[] = [];
  const hear = slack.socket.acknowledged;
  slack.socket.acknowledged = (id, payload) => {
    acknowledged.push(id);
    hear(id, payload);
  };
  const first = [...slack.socket.sent];
  expect(first).toHaveLength(4);
  for (const attempt of [1, 2]) for (const envelope of first) slack.socket.again(app, envelope, attempt);
  await slack.until(() => acknowledged.length === 8, 'every one is acknowledged');
  // It ends when everything that was acknowledged has its answer.
  await bot.stop();
  expect((await world.records('chat.relayed')).map(({ body }) => body.command)).toEqual(['deploy', 'pause']);
  expect(await world.records('chat.pressed')).toHaveLength(1);
  expect(await world.records('job.queued')).toHaveLength(1);
  slack.refusals.none();
});
