import os from 'node:os';
import { expect, onTestFinished, test } from 'vitest';
import { daemonStatus } from '../../cli/local/doctor.ts';
import { knock } from '../../daemon/doctor/ask.ts';
import { openWorld } from '../helpers/app.ts';
import { startDiscord } from '../standins/discord/index.ts';
import { examined } from './rig.ts';

const BASE = 'https://reeve.invalid';

async function overHttp() {
  const discord = await startDiscord();
  onTestFinished(() => discord.close());
  const app = discord.addApp('reeve');
  const guild = discord.addGuild('acme');
  const ops = discord.addChannel(guild, 'ops');
  discord.install(app, guild);
  const plain = `version: 1
estate: { name: test }
people:
  root: { roles: [admin], os_users: [${os.userInfo().uid}] }
projects:
  shop: { environments: { dev: {} } }
`;
  const chat = `chat:
  url: ${BASE}
  discord:
    guild: "${guild.id}"
    application: "${app.id}"
    transport: http
    public_key: ${app.publicKey}
    channels: { default: "${ops.id}" }
  slack: { team: T00000001, app: A00000001, transport: http, channels: { default: C00000001 } }
`;
  const world = await openWorld({ estate: plain });
  const set = (name: string, value: string) =>
    world.as('root', { command: 'secret set', args: { name, value }, force: true });
  await set('discord_token', app.token);
  await world.write('reeve.yaml', plain + chat);
  const reload = () => world.as('root', { command: 'config reload', force: true });
  const look = () =>
    examined(world, { REEVE_DISCORD_API: discord.api, REEVE_SLACK_API: `${discord.origin}/api/` });
  return { discord, app, world, set, look, reload };
}

test('transport: http: Discord has to call this daemon, with the key that is checked; what does not is said with the click', async () => {
  const { app, look, set } = await overHttp();
  await set('slack_signing_secret', 'a-secret-of-slack');
  expect((await look()).of('discord-application')).toEqual([
    'ok it is the application of reeve.yaml',
    `wrong Discord calls no endpoint URL, and the bot keeps no connection → Developer portal → General Information → Interactions Endpoint URL: ${BASE}/v1/interactions/discord, Save Changes (Discord tries it at once).`,
  ]);
  app.endpoint = 'https://else.example/';
  app.publicKey = 'a'.repeat(64);
  expect((await look()).of('discord-application').slice(1)).toEqual([
    expect.stringContaining(`wrong Discord calls https://else.example/, not ${BASE}/v1/interactions/discord`),
    expect.stringContaining('wrong public_key is not the application’s'),
  ]);
  app.endpoint = `${BASE}/v1/interactions/discord`;
  expect((await look()).of('discord-application')[1]).toBe(
    `ok Discord calls ${BASE}/v1/interactions/discord`,
  );
});

test('transport: http: no app-level token is asked for, a signing secret is; an address that does not answer is unknown', async () => {
  const { look, set } = await overHttp();
  expect((await look()).of('estate')[0]).toContain('reeve secret set slack_signing_secret');
  await set('slack_signing_secret', 'a-secret-of-slack');
  const seen = await look();
  expect(seen.of('estate')[0]).toMatch(/^ok /u);
  expect(seen.of('slack-app-token')).toEqual([]);
  expect(seen.of('discord-endpoint')[0]).toMatch(/^unknown could not check: .* does not answer from here/u);
});

test('a knock without a signature: 401 from the daemon itself, something else from anything else', async () => {
  const { world, discord, set, reload } = await overHttp();
  await set('slack_signing_secret', 'a-secret-of-slack');
  expect((await reload()).ok).toBe(true);
  const { address } = await daemonStatus(world.home);
  expect(await knock(`${address}/v1/interactions/discord`)).toBe(401);
  expect(await knock(`${discord.origin}/v1/interactions/discord`)).not.toBe(401);
  await discord.goDown();
  expect(await knock(`${discord.origin}/`)).toContain('ECONNREFUSED');
});
