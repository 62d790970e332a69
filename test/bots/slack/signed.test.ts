import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { signedRequest } from '../../standins/slack/signed.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

type Body = Record<string, unknown>;

const codes = async ({ world }: Pick<SlackRig, 'world'>): Promise<string[]> =>
  (await world.records('admission.refused')).map(({ body }) => body.error.code);

/** What Slack sent to the daemon last, of this kind. */
function sent({ slack }: SlackRig, type: string): { payload: Body; as: 'form' | 'payload' | 'json' } {
  const found = slack.delivery.posted.findLast(({ payload }) =>
    [payload['type'], payload['command']].includes(type),
  );
  if (found === undefined) throw new Error(`no ${type} was sent`);
  return { ...found, payload: structuredClone(found.payload) };
}

/** Signs it anew and sends it. */
async function again(
  { slack, app }: SlackRig,
  { payload, as }: { payload: Body; as: 'form' | 'payload' | 'json' },
  headers: Record<string, string> = {},
): Promise<number> {
  // A second of its own for each: the same second would be the same bytes.
  const at = slack.clock.now() + 1000 * slack.delivery.posted.push({ payload, as });
  const request = signedRequest(app, payload, as, at);
  const url = app.endpoint ?? '';
  return (await fetch(url, { method: 'POST', ...request, headers: { ...request.headers, ...headers } }))
    .status;
}

test('the form of /reeve alone, with its suggestions and what is filled in, over signed requests', async () => {
  const rig = await slackRig({ transport: 'http' });
  const { slack, ops, ana } = rig;
  const fill = await (await ana.slash(ops, '/reeve')).opened();
  expect(JSON.stringify(await ana.suggest(fill, 'Command', 'depl'))).toContain('deploy');
  await ana.select(fill, 'Command', 'status');
  await slack.until(() => fill.history.length > 0, 'the fields of the command');
  await ana.submit(fill, { Command: 'status' });
  const shown = await slack.until(() => ana.sees(ops).find((m) => /🔵|🟢/.test(textOf(m))));
  expect(shown.ephemeralFor).toBe(ana.id);
  expect(slack.delivery.answers.every(({ status }) => status === 200)).toBe(true);
  expect(await codes(rig)).toEqual([]);
  slack.refusals.none();
});

test('attack 31: a press that Slack delivers again, newly signed, is one job; so it is after the daemon was restarted', async () => {
  const rig = await slackRig({ transport: 'http' });
  const { slack, app, world, ops, ana } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env dev')).response();
  await ana.click(plan, 'Confirm exactly this');
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')), 'the end');
  const [slash, press] = [sent(rig, '/reeve'), sent(rig, 'block_actions')];
  for (let i = 1; i <= 3; i++)
    for (const one of [slash, press])
      expect(
        await again(rig, one, { 'x-slack-retry-num': String(i), 'x-slack-retry-reason': 'http_timeout' }),
      ).toBe(200);
  expect(await world.records('job.queued')).toHaveLength(1);

  // What was seen is forgotten then; what it did is not.
  const recorded = signedRequest(app, press.payload, press.as, slack.clock.now());
  await world.restart();
  const url = `${world.app.url}/v1/interactions/slack`;
  await until(async () => (await fetch(url, { method: 'POST', ...recorded })).status !== 503);
  await until(async () => (await codes(rig)).includes('CHAT_REPEATED'));
  expect((await fetch(url, { method: 'POST', ...recorded })).status).toBe(401);
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(await world.records('chat.pressed')).toHaveLength(1);
});

test('attack 41: another team or app, rightly signed, on slash, button and form; attack 42: by direct message', async () => {
  const rig = await slackRig({ transport: 'http' });
  const { slack, world, ops, ana, ben } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env staging')).response();
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  await ana.submit(form, { 'Name of the environment': 'wrong' });
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('CONFIRMATION')));
  const dev = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env dev')).response();
  await ana.click(dev, 'Confirm exactly this');
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('passed')));
  const before = (await codes(rig)).length;
  let made = 0;
  for (const change of [
    (payload: Body): void => {
      if (payload['team_id'] !== undefined) payload['team_id'] = 'T0FOREIGN1';
      if (payload['user'] !== undefined) (payload['user'] as Body)['team_id'] = 'T0FOREIGN1';
    },
    (payload: Body): void => void (payload['api_app_id'] = 'A0FOREIGN1'),
  ])
    for (const type of ['/reeve', 'block_actions', 'view_submission']) {
      const one = sent(rig, type);
      one.payload['trigger_id'] = `forged.${++made}`;
      if (one.payload['view'] !== undefined) (one.payload['view'] as Body)['id'] = `VFORGED${made}`;
      change(one.payload);
      expect(await again(rig, one)).toBe(200);
      await until(async () => (await codes(rig)).length >= before + made);
      // The next is made from what Slack itself sent.
      slack.delivery.posted.pop();
    }
  expect((await codes(rig)).slice(before)).toEqual(Array(6).fill('CHAT_PLACE'));
  const direct = await (await ben.slash(ben.dm(), '/reeve', 'status')).response();
  expect(textOf(direct)).toContain('direct messages');
  expect((await codes(rig)).at(-1)).toBe('CHAT_DIRECT');
  expect(await world.records('job.queued')).toHaveLength(1);
  expect(buttonsOf(plan)).toEqual(['Confirm exactly this']);
});

test('without a bot the person reads that nothing happened, and later nothing does; with one again commands are heard', async () => {
  const rig = await slackRig({ transport: 'http' });
  const { slack, world, ops, ana, bot } = rig;
  await bot.stop();
  const plan = 'deploy --project shop --env dev';
  const turn = await ana.slash(ops, '/reeve', plan, { wait: false });
  await slack.until(() => slack.delivery.answers.some(({ status }) => status === 503), 'the refusal');
  slack.clock.advance(3000);
  expect(turn.notice).toBeDefined();
  await rig.startBot();
  expect(textOf(await (await ana.slash(ops, '/reeve', 'status')).response())).toMatch(/🔵|🟢/);
  expect(await world.records('admission.refused')).toEqual([]);
  expect(ana.sees(ops).some((m) => buttonsOf(m).length > 0)).toBe(false);
});
