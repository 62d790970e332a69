import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { LOUD, STEPS } from '../books.ts';
import type { Message } from '../../standins/slack/world.ts';
import { drillEnds, pngSize } from '../drill.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

/** The files in the thread of a message, by name. */
const thread = ({ slack, ben, ops }: SlackRig, message: Message) =>
  new Map(
    ben
      .sees(ops, message)
      .flatMap(({ files }) => files)
      .map((id) => [slack.world.files.get(id)?.name ?? '', slack.world.files.get(id)] as const),
  );

const drill = ({ slack, ben, ops }: SlackRig) =>
  slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('restore-shop')), 'the result');

async function ran({ slack, ops, ana, ben, world }: SlackRig, name: string) {
  const plan = await (await ana.slash(ops, '/reeve', `run ${name} --project shop --env dev`)).response();
  await ana.click(plan, 'Confirm exactly this');
  await until(async () => (await world.records('chat.closed')).length > 0);
  return slack.until(() => ben.sees(ops).find((m) => textOf(m).includes('passed')), name);
}

test('the result of a drill has its chart as a picture in its thread, described for those who do not see it', async () => {
  const rig = await slackRig();
  await drillEnds(rig.world);
  const message = await drill(rig);
  await until(async () => (await rig.world.records('chat.posted')).length === 1);
  expect(pngSize(thread(rig, message).get('drill-restore-shop.png')?.bytes)).toEqual([1520, 1012]);
  expect(rig.slack.web.calls.map(({ method }) => method)).toEqual(
    expect.arrayContaining(['files.getUploadURLExternal', 'files.completeUploadExternal']),
  );
  const asked = rig.slack.web.calls.find(({ method }) => method === 'files.getUploadURLExternal');
  expect(JSON.stringify(asked?.args)).toContain('The newest: PASS');
  rig.slack.refusals.none();
});

test('a plan that is too long for a message is a file: for who asks and who decides alone, for the approvers in the thread', async () => {
  const rig = await slackRig({ runbooks: LOUD });
  const { slack, world, ana, ben, ops, approvals } = rig;
  const whole = (file: { bytes?: Buffer } | undefined): void => {
    const text = file?.bytes?.toString() ?? '';
    expect(text.includes(STEPS.join('\n'))).toBe(true);
  };
  const sent = (who: typeof ana) =>
    slack.until(() => who.sees(who.dm()).flatMap(({ files }) => files)[0], 'the file for one alone');
  const plan = await (await ana.slash(ops, '/reeve', 'run huge --project shop --env prod')).response();
  whole(slack.world.files.get(await sent(ana)));
  await ana.click(plan, 'Confirm exactly this');
  const card = await slack.until(() => ben.sees(approvals).find((m) => buttonsOf(m).length > 0), 'the card');
  const [shared] = await slack.until(() => {
    const files = ben.sees(approvals, card).flatMap((m) => m.files);
    return files.length > 0 ? files : undefined;
  }, 'the file in its thread');
  whole(slack.world.files.get(shared ?? ''));
  await ben.click(card, 'Look and decide');
  const look = await slack.until(
    () => ben.sees(approvals).find((m) => m.ephemeralFor === ben.id && buttonsOf(m).length === 2),
    'what ben decides with',
  );
  whole(slack.world.files.get(await sent(ben)));
  await ben.click(look, 'Approve exactly this');
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'the end');
  expect(await world.records('job.queued')).toHaveLength(1);
  slack.refusals.none();
});

test('a chart that cannot be drawn, an app without the scope for files: the result is told, and what is missing', async () => {
  const rig = await slackRig();
  await drillEnds(rig.world, 'no picture at all');
  const plain = await drill(rig);
  expect(textOf(plain)).toContain('Without its chart, which could not be drawn here');
  rig.ben.remove(plain);

  rig.app.scopes.delete('files:write');
  await drillEnds(rig.world);
  const bare = await drill(rig);
  await rig.slack.until(() => textOf(bare).includes('Without drill-restore-shop.png: Slack: '), 'it says so');
  expect(textOf(bare)).toContain('needs files:write');
  expect(rig.ben.sees(rig.ops, bare)).toEqual([]);
  rig.slack.refusals.none();
});

test('the log of a job is in the thread of its message: a line of 6,000 characters whole, and once', async () => {
  const rig = await slackRig({ runbooks: LOUD });
  // The first try to say that it was uploaded gets lost, so the bot cannot know.
  rig.slack.web.faults.plan('POST files.completeUploadExternal', { kind: 'lose-answer' });
  const message = await ran(rig, 'long-line');
  const [name, file] = [...thread(rig, message)].find(([one]) => one.endsWith('.log.txt')) ?? [];
  expect(name).toMatch(/^job_[0-9a-f]{8}\.log\.txt$/);
  expect(file?.bytes?.toString()).toContain(`say | ${'x'.repeat(6000)}\nsay | after\n`);
  const names = rig.ben.sees(rig.ops, message).flatMap(({ files }) => files);
  expect(new Set(names.map((id) => rig.slack.world.files.get(id)?.name))).toEqual(
    new Set([name, 'reeve.txt']),
  );
  expect(names).toHaveLength(2);
  rig.slack.refusals.none();
});
