import { expect, test } from 'vitest';
import { SLACK_SCOPES } from '../../contracts/chat-app.ts';
import { slackRig, type SlackRig } from '../bots/slack/rig.ts';
import { doctorCommand, examined } from './rig.ts';

async function here() {
  const rig = await slackRig({ start: false });
  const set = (name: string, value: string) =>
    rig.world.as('root', { command: 'secret set', args: { name, value }, force: true });
  await set('slack_bot_token', rig.token);
  await set('slack_app_token', rig.app.appToken);
  const env = { REEVE_SLACK_API: rig.slack.api };
  return { ...rig, env, set, look: () => examined(rig.world, env) };
}

test('Slack, all as it should be; the manifest that was never printed is said; no secret is printed', async () => {
  const rig = await here();
  const ran = await doctorCommand(rig.world, ['--json'], rig.env);
  const { data } = JSON.parse(ran.out) as {
    data: { findings: { check: string; level: string; text: string }[] };
  };
  const lines = data.findings
    .filter(({ check }) => check.startsWith('slack'))
    .map(({ check, level, text }) => `${level} ${check} ${text}`);
  expect(lines).toEqual([
    'ok slack-credential its bot may relay to this daemon',
    'ok slack-token the bot’s, in acme',
    `ok slack-scopes exactly the ${Object.keys(SLACK_SCOPES).length} it needs`,
    'ok slack-app-token Socket Mode is on',
    'ok slack-channels default: the bot is in #ops',
    'ok slack-channels approvals: the bot is in #approvals',
    expect.stringContaining('warn slack-commands the app’s manifest is not that of now: + /reeve'),
  ]);
  for (const secret of [rig.token, rig.app.appToken, rig.credential])
    expect(ran.out + ran.err).not.toContain(secret);
  // No socket was opened: it would have taken the bot's events away.
  expect(rig.slack.socket.connections).toBe(0);
  rig.slack.refusals.none();
});

type Rest = string[];
const faults: [string, string, (rig: SlackRig) => void, string, string, string, Rest?][] = [
  [
    'a revoked bot token',
    'wrong',
    ({ slack, app, token }) => slack.revokeToken(app, token),
    'slack-token',
    'Slack does not accept the token slack_bot_token: ',
    'Install App → (Re)install',
    ['unknown slack-scopes', 'unknown slack-channels'],
  ],
  [
    'a scope that was not granted',
    'wrong',
    ({ app }) => void app.scopes.delete('files:write'),
    'slack-scopes',
    'missing: files:write (plans and logs that are too long for a message)',
    'Add files:write; then Install App → Reinstall',
  ],
  [
    'the scope with which this is looked at',
    'wrong',
    ({ app }) => ['channels:read', 'groups:read'].forEach((scope) => app.scopes.delete(scope)),
    'slack-scopes',
    'missing: channels:read',
    'Add channels:read',
    ['wrong slack-scopes', 'unknown slack-channels', 'unknown slack-channels'],
  ],
  [
    'more scopes than needed',
    'warn',
    ({ app }) => void app.scopes.add('users:read.email'),
    'slack-scopes',
    'more than it needs: users:read.email',
    'remove them, then reinstall',
  ],
  [
    'a bot that is not in a public channel',
    'wrong',
    ({ ops, app, team }) => void ops.members.delete(app.botUsers.get(team.id) ?? ''),
    'slack-channels',
    'default: the bot is not in #ops',
    '/invite @reeve',
  ],
  [
    'a bot that is not in a private channel',
    'wrong',
    ({ approvals, app, team }) => void approvals.members.delete(app.botUsers.get(team.id) ?? ''),
    'slack-channels',
    'approvals: ',
    '/invite @reeve',
  ],
  [
    'an archived channel',
    'wrong',
    ({ ops }) => void (ops.archived = true),
    'slack-channels',
    'default: #ops is archived',
    'Put another id under chat.slack.channels (default)',
  ],
  [
    'a revoked app-level token',
    'wrong',
    ({ slack, app }) => slack.revokeToken(app, app.appToken),
    'slack-app-token',
    'Slack does not accept the token slack_app_token',
    'App-Level Tokens → Generate, with connections:write',
  ],
  [
    'an app-level token without its scope',
    'wrong',
    ({ app }) => void app.appScopes.clear(),
    'slack-app-token',
    'slack_app_token lacks the scope connections:write',
    'App-Level Tokens → Generate',
  ],
  [
    'Socket Mode that is off',
    'wrong',
    ({ app }) => void (app.endpoint = 'https://else.example/'),
    'slack-app-token',
    'Slack opens no connection: ',
    'Socket Mode → Enable Socket Mode',
  ],
];

test.each(faults)('%s: %s, with what to click', async (_what, level, harm, of, says, click, rest = []) => {
  const rig = await here();
  harm(rig);
  const after = await rig.look();
  const lines = after
    .of(of)
    .filter((line) => !line.startsWith('ok'))
    .join('\n');
  expect(lines).toContain(`${level} ${says}`);
  expect(lines).toContain(click);
  // The manifest was never printed here, which is no fault of what was harmed.
  const news = after.bad.filter((line) => line.includes('slack') && line !== 'warn slack-commands');
  expect(news).toEqual([`${level} ${of}`, ...rest]);
  expect(JSON.stringify(after.reply)).not.toContain(rig.token);
});

test('another workspace, another app, the tokens the wrong way round, none', async () => {
  const { slack, set, look, world, ...rig } = await here();
  const globex = slack.addTeam('globex');
  await set('slack_bot_token', slack.install(rig.app, globex, []));
  expect((await look()).of('slack-token')[0]).toContain(
    `wrong the token is for the workspace ${globex.id}, reeve.yaml names ${rig.team.id} → Put team: ${globex.id}`,
  );
  const other = slack.addApp('other', { commands: [] });
  await set('slack_app_token', other.appToken);
  expect((await look()).of('slack-app-token')[0]).toContain(
    `wrong slack_app_token belongs to the app ${other.id}`,
  );
  await set('slack_bot_token', rig.app.appToken);
  await set('slack_app_token', rig.token);
  const crossed = await look();
  expect(crossed.of('slack-token')[0]).toContain(
    'slack_bot_token is no bot’s token (those begin with xoxb-)',
  );
  expect(crossed.of('slack-app-token')[0]).toContain('wrong Slack does not accept the token slack_app_token');
  await world.as('root', { command: 'secret remove', args: { name: 'slack_app_token' }, force: true });
  expect((await look()).of('slack-app-token')[0]).toMatch(
    /^wrong no secret is named slack_app_token → .*REEVE_SLACK_APP_TOKEN=… reeve doctor/u,
  );
  await world.as('root', { command: 'secret remove', args: { name: 'slack_bot_token' }, force: true });
  const elsewhere = { REEVE_SLACK_BOT_TOKEN: rig.token, REEVE_SLACK_APP_TOKEN: rig.app.appToken };
  const seen = await examined(world, { REEVE_SLACK_API: slack.api, ...elsewhere });
  expect([seen.of('slack-token'), seen.of('slack-app-token')]).toEqual([
    ['ok the bot’s, in acme'],
    ['ok Socket Mode is on'],
  ]);
});

test('Slack is away, limits us, or fails: "could not check", and nothing is called wrong', async () => {
  const { slack, look } = await here();
  const answers = [
    slack.limits.refusal(1),
    { status: 502, body: 'bad gateway' },
    { status: 200, body: { ok: false, error: 'internal_error' } },
  ];
  for (const answer of answers) {
    slack.web.faults.plan('POST *', { kind: 'answer', answer }, 20);
    const seen = await look();
    expect(seen.found.filter(({ part, level }) => part === 'slack' && level === 'wrong')).toEqual([]);
    expect(seen.of('slack-token')[0]).toContain('unknown could not check: Slack does not answer');
    slack.web.faults.clear();
  }
  await slack.goDown();
  expect((await look()).of('slack-channels')).toEqual([
    'unknown could not check: Slack does not answer (the connection failed (ECONNREFUSED)) → slack-status.com; then reeve doctor again',
  ]);
});
