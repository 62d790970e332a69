import { expect, test } from 'vitest';
import { slackRig, textOf } from './rig.ts';

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
