import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { buttonsOf, slackRig, textOf, type SlackRig } from './rig.ts';

type Body = Record<string, unknown>;

const DEPLOY = 'deploy --project shop --env staging';

/** The codes of all refusals in the ledger. */
const codes = async ({ world }: Pick<SlackRig, 'world'>): Promise<string[]> =>
  (await world.records('admission.refused')).map(({ body }) => body.error.code);

/** Sends what Slack sent before once more, changed as Slack would never do for an honest app, as a new interaction. */
function forge({ slack, app }: SlackRig, type: string, change: (payload: Body) => void): void {
  const sent = slack.socket.sent.findLast(
    ({ envelope_id, payload }) =>
      !envelope_id.startsWith('forged') &&
      [(payload as Body)['type'], (payload as Body)['command']].includes(type),
  );
  if (sent === undefined) throw new Error(`no ${type} was sent`);
  const payload = structuredClone(sent.payload) as Body;
  payload['trigger_id'] = `forged.${slack.socket.sent.length}`;
  if (payload['view'] !== undefined) (payload['view'] as Body)['id'] = `VFORGED${slack.socket.sent.length}`;
  change(payload);
  slack.socket.send(app, { ...sent, envelope_id: `forged-${slack.socket.sent.length}`, payload });
}

/** A plan, its confirmation form, and the command form, all of them sent. */
async function acted(rig: SlackRig): Promise<void> {
  const { slack, ops, ana } = rig;
  const plan = await (await ana.slash(ops, '/reeve', DEPLOY)).response();
  const form = await (await ana.click(plan, 'Confirm exactly this')).opened();
  await ana.submit(form, { 'Name of the environment': 'wrong' });
  await slack.until(() => ana.sees(ops).find((m) => textOf(m).includes('CONFIRMATION')));
  const fill = await (await ana.slash(ops, '/reeve')).opened();
  await ana.select(fill, 'Command', 'status');
  await slack.until(() => fill.history.length > 0, 'the fields of the command');
  await ana.submit(fill, { Command: 'status' });
}

const PATHS = ['/reeve', 'block_actions', 'view_submission'] as const;

test('attack 41: another team, another app, on slash, button, menu and form: refused with a record, nothing starts', async () => {
  const rig = await slackRig();
  await acted(rig);
  const before = (await codes(rig)).length;
  const team = (payload: Body): void => {
    if (payload['team_id'] !== undefined) payload['team_id'] = 'T0FOREIGN1';
    if (payload['user'] !== undefined) (payload['user'] as Body)['team_id'] = 'T0FOREIGN1';
  };
  const app = (payload: Body): void => void (payload['api_app_id'] = 'A0FOREIGN1');
  let expected = before;
  for (const change of [team, app])
    for (const path of PATHS) {
      forge(rig, path, (payload) => {
        change(payload);
        if (path === 'block_actions') expect(JSON.stringify(payload['actions'])).toContain('reeve_command');
      });
      expected += 1;
      await until(async () => (await codes(rig)).length >= expected);
    }
  expect((await codes(rig)).slice(before)).toEqual(Array(6).fill('CHAT_PLACE'));
  // The button of the plan, pressed from elsewhere: the form opens, and is refused when it is sent.
  const press = rig.slack.socket.sent.find(({ payload }) => JSON.stringify(payload).includes('"btn_'));
  expect(press).toBeDefined();
  expect(await rig.world.records('job.queued')).toHaveLength(0);
});

test('attack 41: a button without a form, pressed by somebody of another workspace in a shared channel; attack 42: in a direct message', async () => {
  const rig = await slackRig();
  const { slack, ops, ana, world } = rig;
  const plan = await (await ana.slash(ops, '/reeve', 'deploy --project shop --env dev')).response();
  await ana.click(plan, 'Confirm exactly this');
  await slack.until(() => slack.hooks.uses.some(({ body }) => 'delete_original' in body));
  const jobs = (await world.records('job.queued')).length;
  forge(rig, 'block_actions', (payload) => void ((payload['user'] as Body)['team_id'] = 'T0FOREIGN1'));
  await until(async () => (await codes(rig)).includes('CHAT_PLACE'));
  forge(rig, 'block_actions', (payload) => {
    payload['message'] = { ...(payload['message'] as Body), edited: { user: 'U0SOMEBODY', ts: '1.0' } };
  });
  await until(async () => (await codes(rig)).includes('CHAT_EDITED'));
  forge(rig, 'block_actions', (payload) => {
    payload['message'] = { ...(payload['message'] as Body), app_id: 'A0FOREIGN1' };
  });
  await until(async () => (await codes(rig)).filter((code) => code === 'CHAT_PLACE').length === 2);
  forge(rig, 'block_actions', (payload) => {
    payload['channel'] = { id: ana.dm().id, name: 'directmessage' };
  });
  await until(async () => (await codes(rig)).includes('CHAT_DIRECT'));
  forge(rig, 'block_actions', (payload) => void ((payload['user'] as Body)['id'] = 'USLACKBOT'));
  await until(async () => (await codes(rig)).includes('CHAT_BOT_ACCOUNT'));
  expect((await world.records('job.queued')).length).toBe(jobs);
});

test('attack 42: by direct message, on slash, button and form: refused with a record, also when nothing could be read', async () => {
  const rig = await slackRig();
  const { slack, ana, ben, ops, world } = rig;
  const direct = ben.dm();
  for (const line of ['status', DEPLOY, 'nonsense "', '', 'help']) {
    const before = (await codes(rig)).length;
    const turn = await ben.slash(direct, '/reeve', line);
    expect(textOf(await turn.response())).toContain('direct messages');
    expect((await codes(rig)).slice(before)).toEqual(['CHAT_DIRECT']);
    expect(turn.modal).toBeUndefined();
  }
  await acted(rig);
  const before = (await codes(rig)).length;
  forge(rig, '/reeve', (payload) =>
    Object.assign(payload, { channel_name: 'mpdm-ana--ben-1', text: 'status' }),
  );
  await until(async () => (await codes(rig)).length === before + 1);
  forge(rig, 'view_submission', (payload) => {
    const view = payload['view'] as Body;
    view['private_metadata'] = JSON.stringify({
      ...JSON.parse(String(view['private_metadata'])),
      channel: direct.id,
    });
  });
  await until(async () => (await codes(rig)).length === before + 2);
  expect((await codes(rig)).slice(before)).toEqual(['CHAT_DIRECT', 'CHAT_DIRECT']);
  expect(await world.records('job.queued')).toHaveLength(0);
  expect(ana.sees(ops).some((m) => buttonsOf(m).length > 0)).toBe(true);
  slack.refusals.none();
});

test('a stranger, and a person without an account here, learn nothing but that they are not known', async () => {
  const rig = await slackRig();
  const { slack, team, ops } = rig;
  const eve = slack.addMember(team, 'eve', [ops]);
  for (const line of ['status', 'help', '', DEPLOY]) {
    const turn = await eve.slash(ops, '/reeve', line);
    expect(textOf(await turn.response())).toContain('PERSON');
    expect(turn.modal).toBeUndefined();
  }
  expect(new Set(await codes(rig))).toEqual(new Set(['PERSON_UNKNOWN']));
  slack.refusals.none();
});

test('a flood of one account is refused politely, and holds up nobody else', async () => {
  const { slack, ops, ana, ben } = await slackRig();
  const turns = await Promise.all(Array.from({ length: 30 }, () => ana.slash(ops, '/reeve', 'help')));
  const texts = await Promise.all(turns.map(async (turn) => textOf(await turn.response())));
  const refused = texts.filter((text) => text.includes('CHAT​_​FLOOD'));
  expect(refused.length).toBeGreaterThanOrEqual(5);
  expect(refused.length).toBeLessThanOrEqual(20);
  expect(textOf(await (await ben.slash(ops, '/reeve', 'help')).response())).not.toContain('FLOOD');
  slack.refusals.none();
});
