import { expect, test } from 'vitest';
import { until } from '../../helpers/daemon.ts';
import { described } from '../linear.ts';
import { MENU, captureRig, told } from './captures.ts';

type Body = Record<string, unknown>;

test('one draft for a message: delivered twice, chosen twice, chosen by two', async () => {
  const { slack, world, ops, ana, ben, linear } = await captureRig();
  const said = ben.say(ops, 'the export is hidden');
  slack.socket.duplicateNext();
  expect(await told(ana.messageShortcut(said, MENU))).toContain('Captured as OPS-1');
  expect(await told(ana.messageShortcut(said, MENU))).toContain('captured before, as OPS-1');
  expect(await told(ben.messageShortcut(said, MENU))).toContain('captured before, as OPS-1');
  slack.socket.duplicateNext();
  await told(ana.slash(ops, '/reeve', 'capture twice'));
  await told(ana.slash(ops, '/reeve', 'capture twice'));
  expect(linear.world.issues.map(({ title }) => title)).toEqual(['the export is hidden', 'twice', 'twice']);
  expect(await world.records('linear.queued')).toHaveLength(3);
  slack.refusals.none();
});

test('while Linear is away it is kept, and says so; then it is sent once, with all that was said', async () => {
  const { world, ops, ana, ben, linear } = await captureRig();
  ana.say(ops, 'where is it?');
  const said = ben.say(ops, 'the export is hidden');
  await linear.close();
  expect(await told(ana.messageShortcut(said, MENU))).toContain('Linear gets it as soon as it answers');
  await world.restart();
  await linear.listen();
  await world.as('root', { command: 'linear retry' });
  await until(async () => (await world.records('linear.done')).length > 0);
  expect(linear.world.issues).toHaveLength(1);
  expect(described(linear)[0]).toContain('> where is it?');
});

test('attack 41, attack 42: from another workspace or app, by direct message, of a changed message, by nobody: refused with a record, and nothing is read', async () => {
  const { slack, world, app, team, ops, ana, ben, linear } = await captureRig();
  const said = ben.say(ops, 'the export is hidden');
  const stranger = slack.addMember(team, 'stranger', [ops]);
  expect(await told(stranger.messageShortcut(said, MENU))).toContain('PERSON');
  expect(await told(ana.messageShortcut(ben.edit(ben.say(ops, 'one'), 'two'), MENU))).toContain('EDITED');
  expect(await told(ana.messageShortcut(ana.say(ana.dm(), 'psst'), MENU))).toContain('DIRECT');
  const sent = slack.socket.sent.find(({ payload }) => (payload as Body)['type'] === 'message_action');
  const codes = async (): Promise<string[]> =>
    (await world.records('admission.refused')).map(({ body }) => body.error.code);
  const forge = async (change: (payload: Body) => void): Promise<void> => {
    const before = (await codes()).length;
    const payload = { ...structuredClone(sent?.payload as Body), trigger_id: `forged.${before}` };
    change(payload);
    slack.socket.send(app, {
      ...(sent as NonNullable<typeof sent>),
      envelope_id: `forged-${before}`,
      payload,
    });
    await until(async () => (await codes()).length > before);
  };
  const by = (user: Body) => (payload: Body) =>
    void (payload['user'] = { ...(payload['user'] as Body), ...user });
  await forge(by({ id: ana.id, team_id: 'T0FOREIGN1' }));
  await forge((payload) => {
    by({ id: ana.id })(payload);
    payload['api_app_id'] = 'A0FOREIGN1';
  });
  await forge(by({ id: 'USLACKBOT' }));
  expect(await codes()).toEqual([
    'PERSON_UNKNOWN',
    'CHAT_EDITED',
    'CHAT_DIRECT',
    'CHAT_PLACE',
    'CHAT_PLACE',
    'CHAT_BOT_ACCOUNT',
  ]);
  expect(linear.asked).toEqual([]);
  // For none of them the bot has read what others said.
  const read = slack.web.calls.filter(({ method }) =>
    /conversations\.(replies|history)|users\.info/.test(method),
  );
  expect(read).toEqual([]);
});

test('the same by signed requests', async () => {
  const { ops, ana, ben, linear } = await captureRig({ transport: 'http' });
  const said = ben.say(ops, 'the export is hidden');
  expect(await told(ana.messageShortcut(said, MENU))).toContain('Captured as OPS-1');
  expect(described(linear)[0]).toContain('> the export is hidden');
});
