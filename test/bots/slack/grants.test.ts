import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

/** Ana asks for a deploy to prod, and the request stands before the approvers. */
async function requested({ slack, ana, ben, ops, approvals }: SlackRig, line: string) {
  const plan = await (await ana.slash(ops, '/reeve', line)).response();
  await ana.click(plan, 'Confirm exactly this');
  return slack.until(() => ben.sees(approvals).find((m) => buttonsOf(m).length > 0), 'the request');
}

const PROD = 'deploy --project shop --env prod --reason "the week\'s release"';

test('request → the approvers are called with the whole plan → an approval → the job is told where it was asked', async () => {
  const rig = await slackRig();
  const { slack, world, ana, ben, ops, approvals } = rig;
  const card = await requested(rig, PROD);
  expect(card.pings).toEqual({ channel: false, users: [ben.id] });
  expect(textOf(card)).toContain('trace.txt');
  expect(buttonsOf(card)).toEqual(['Look and decide']);

  await ben.click(card, 'Look and decide');
  const look = await slack.until(() => ben.sees(approvals).find((m) => m.ephemeralFor === ben.id));
  expect(textOf(look)).toContain('trace.txt');
  expect(buttonsOf(look)).toEqual(['Approve exactly this', 'Deny']);
  // The card stays for the others.
  expect(buttonsOf(card)).toEqual(['Look and decide']);
  expect(await world.records('grant.approved')).toHaveLength(0);

  await ben.click(look, 'Approve exactly this');
  const live = await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'the job');
  expect(live.ephemeralFor).toBeUndefined();
  await slack.until(() => look.deletedAt, 'what ben decided with is gone');
  await slack.until(() => textOf(card).includes('is approved'), 'the card tells it');
  expect(buttonsOf(card)).toEqual([]);
  const told = ana.sees(ops).filter(({ pings }) => pings.users.includes(ana.id));
  expect(told).toHaveLength(1);
  expect((await world.records('grant.approved'))[0]?.body).toMatchObject({ by: 'ben' });
  expect(await world.records('job.queued')).toHaveLength(1);
  slack.refusals.none();
});

test('a denial asks for its reason in a form, and who asked is told', async () => {
  const rig = await slackRig();
  const { slack, world, ana, ben, ops, approvals } = rig;
  const card = await requested(rig, PROD);
  await ben.click(card, 'Look and decide');
  const look = await slack.until(() => ben.sees(approvals).find((m) => m.ephemeralFor === ben.id));
  const form = await (await ben.click(look, 'Deny')).opened();
  await ben.submit(form, { 'Reason, for the record': 'not on a Friday' });
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('not on a Friday')), 'she is told');
  expect((await world.records('grant.denied'))[0]?.body).toMatchObject({
    by: 'ben',
    reason: 'not on a Friday',
  });
  expect(await world.records('job.queued')).toHaveLength(0);
  slack.refusals.none();
});

test('attack 24: who asked cannot approve it with the button that the others have', async () => {
  const rig = await slackRig();
  const { slack, world, ana, approvals } = rig;
  const card = await requested(rig, PROD);
  approvals.members.add(ana.id);
  await ana.click(card, 'Look and decide');
  await slack.until(() => ana.sees(approvals).find((m) => textOf(m).includes('somebody else')));
  await until(async () => (await world.records('admission.refused')).length > 0);
  expect(await world.records('grant.approved')).toHaveLength(0);
  slack.refusals.none();
});
