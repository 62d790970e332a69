import { webApi } from '@slack/bolt';
import { expect, onTestFinished, test } from 'vitest';
import { startSlack, type SlackStandin } from './slack/index.ts';
import { PersonCannot } from './slack/payload.ts';
import type { App, Manifest } from './slack/world.ts';

const command = (name: string): object => ({
  command: name,
  description: 'Operations',
  should_escape: false,
});
const manifest = (...commands: object[]): Manifest => ({
  display_information: { name: 'Reeve' },
  features: { bot_user: { display_name: 'reeve' }, slash_commands: commands as never },
  oauth_config: { scopes: { bot: ['commands', 'chat:write'] } },
  settings: { socket_mode_enabled: true, event_subscriptions: { bot_events: ['message.im'] } },
});

async function scene(): Promise<{ slack: SlackStandin; app: App; client: webApi.WebClient }> {
  const slack = await startSlack();
  onTestFinished(() => slack.close());
  const app = slack.addApp('reeve', { commands: [] });
  const client = new webApi.WebClient(app.configToken, {
    slackApiUrl: slack.api,
    retryConfig: { retries: 0 },
  });
  return { slack, app, client };
}

test('a manifest makes the commands and events; scopes count after the next installation', async () => {
  const { slack, app, client } = await scene();
  const team = slack.addTeam('acme');
  const ops = slack.addChannel(team, 'ops');
  const ada = slack.addMember(team, 'ada', [ops]);
  slack.install(app, team, [ops]);
  expect(() => ada.slash(ops, '/reeve')).toThrow(PersonCannot);
  const { manifest: update, ...rest } = { manifest: manifest(command('/reeve')), app_id: app.id };
  expect(await client.apps.manifest.update({ ...rest, manifest: update })).toMatchObject({
    permissions_updated: true,
  });
  expect((await client.apps.manifest.export(rest)).manifest).toEqual(update);
  expect(await ada.slash(ops, '/reeve')).toBeDefined();
  expect([...app.events]).toEqual(['message.im']);
  expect(app.scopes.has('users:read')).toBe(true);
  slack.reinstall(app);
  expect([...app.scopes]).toEqual(['commands', 'chat:write']);
  expect(await client.apps.manifest.update({ ...rest, manifest: update })).toMatchObject({
    permissions_updated: false,
  });
  slack.refusals.none();
});

test('a manifest over a limit, of a wrong shape or for another app is refused with where it is', async () => {
  const { slack, app, client } = await scene();
  const refusal = async (bad: object): Promise<unknown> => {
    const error = await client.apps.manifest
      .validate({ manifest: bad as Manifest })
      .catch((reason: unknown) => reason);
    return (error as { data?: { errors?: unknown } }).data?.errors;
  };
  const many = Array.from({ length: 51 }, (_, index) => command(`/c${index}`));
  expect(await refusal(manifest(...many))).toMatchObject([{ pointer: '/features/slash_commands' }]);
  expect(await refusal(manifest(command('/Reeve')))).toMatchObject([
    { pointer: '/features/slash_commands/0/command' },
  ]);
  expect(await refusal(manifest(command(`/${'x'.repeat(32)}`)))).toHaveLength(1);
  expect(await refusal({ ...manifest(), display_information: { name: 7 } })).toMatchObject([
    { pointer: '/display_information/name' },
  ]);
  expect(slack.refusals.take().map(({ code }) => code)).toEqual(
    Array.from({ length: 4 }, () => 'invalid_manifest'),
  );
  await client.apps.manifest.validate({ manifest: manifest(...many.slice(1)) });
  await expect(client.apps.manifest.export({ app_id: 'A0' })).rejects.toThrow('invalid_app_id');
  const wrong = new webApi.WebClient(app.appToken, { slackApiUrl: slack.api });
  await expect(wrong.apps.manifest.export({ app_id: app.id })).rejects.toThrow('not_allowed_token_type');
});
