import { readFile } from 'node:fs/promises';
import { expect, onTestFinished, test } from 'vitest';
import { RUNBOOKS } from '../../helpers/app.ts';
import { Place, until } from '../../helpers/daemon.ts';
import { startSlack } from '../../standins/slack/index.ts';
import { textOf } from './rig.ts';

test('the daemon runs the Slack bot; a token that was revoked is said in its log, and the next one is taken by itself', async () => {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const ana = slack.addMember(team, 'ana', [ops]);
  const app = slack.addApp('reeve');
  const token = slack.install(app, team, [ops]);
  const place = await Place.make({
    runbooks: RUNBOOKS,
    estate: `version: 1
estate: { name: test }
people:
  ana: { roles: [operator], slack: ['${team.id}/${ana.id}'] }
projects: { shop: { environments: { dev: {} } } }
chat:
  slack: { team: ${team.id}, app: ${app.id}, channels: { default: ${ops.id} } }
`,
  });
  onTestFinished(() => place.close());
  await place.start({ through: ['env', `REEVE_SLACK_API=${slack.api}`] });
  const log = (): Promise<string> => readFile(`${place.home}/reeve.log`, 'utf8');
  const store = async (name: string, value: string): Promise<void> =>
    void expect((await place.json(['secret', 'set', name, '--value', value])).exit).toBe(0);
  const hears = async (): Promise<void> => {
    await slack.changes.until(() => slack.socket.of(app).length > 0, 'the bot hears', 50_000);
    const status = await ana.slash(ops, '/reeve', 'status');
    expect(textOf(await status.response())).toContain('test');
  };
  expect((await place.json(['chat', 'setup', 'slack'])).data).toMatchObject({
    missing: ['slack_bot_token', 'slack_app_token'],
  });
  await store('slack_bot_token', token);
  expect(slack.socket.connections).toBe(0);
  await store('slack_app_token', app.appToken);
  await hears();

  slack.revokeToken(app, app.appToken, 'invalid_auth');
  await until(async () => (await log()).includes('refuses the app-level token (invalid_auth)'));
  await until(async () => (await log()).includes('a bot ended and is started again'));
  app.appToken = `${app.appToken}2`;
  await store('slack_app_token', app.appToken);
  await hears();
  expect(await log()).not.toContain(token);
  expect(await log()).not.toContain(app.appToken);
}, 150_000);
