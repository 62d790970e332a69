import { PermissionFlagsBits as P, GatewayIntentBits as Intent, ChannelType } from 'discord-api-types/v10';
import { expect, test } from 'vitest';
import { scene, type Scene } from '../bots/discord/rig.ts';
import { doctorCommand, examined } from './rig.ts';

async function here() {
  const rig = await scene();
  await rig.world.as('root', {
    command: 'secret set',
    args: { name: 'discord_token', value: rig.app.token },
    force: true,
  });
  const env = { REEVE_DISCORD_API: rig.discord.api };
  return { ...rig, env, look: () => examined(rig.world, env) };
}

test('Discord, all as it should be: every line ✓, and no secret is printed', async () => {
  const rig = await here();
  const ran = await doctorCommand(rig.world, [], rig.env);
  expect(ran.out).not.toContain(rig.app.token);
  const discord = ran.out.slice(ran.out.indexOf('Discord'));
  expect(discord).toContain('✓ discord-token: the token is reeve’s');
  expect(discord).toContain('✓ discord-channels: default: #ops, with every permission it needs');
  expect(discord).toContain('✓ discord-channels: approvals: #approvals, with every permission');
  expect(discord).toContain('✓ discord-commands: registered, as they are now');
  expect(discord).not.toMatch(/[✗!] /u);
  rig.discord.refusals.none();
});

const faults: [
  string,
  string,
  (rig: Scene) => void,
  { of: string; says: string[]; click: string; rest?: string[] },
][] = [
  [
    'a revoked token',
    'wrong',
    ({ app }) => void (app.revoked = true),
    {
      of: 'discord-token',
      says: ['Discord does not accept the token discord_token'],
      click: 'Bot → Reset Token → Copy',
      // Nothing else is called wrong for it.
      rest: [
        'unknown discord-application',
        'unknown discord-intents',
        'unknown discord-server',
        'unknown discord-channels',
        'unknown discord-commands',
      ],
    },
  ],
  [
    'a permission missing in one channel',
    'wrong',
    ({ discord, approvals, app }) => discord.deny(approvals, app.id, P.EmbedLinks | P.AttachFiles),
    {
      of: 'discord-channels',
      says: ['approvals: in #approvals the bot may not: Embed Links, Attach Files'],
      click: 'Edit Channel → Permissions → the bot’s role → allow Embed Links, Attach Files',
    },
  ],
  [
    'a channel that everyone is kept out of',
    'wrong',
    ({ discord, ops, guild }) => discord.deny(ops, guild.id, P.ViewChannel),
    {
      of: 'discord-channels',
      says: ['default: the bot cannot see the channel'],
      click: 'allow View Channel',
    },
  ],
  [
    'a channel that is gone',
    'wrong',
    ({ discord, ops }) => void discord.world.channels.delete(ops.id),
    { of: 'discord-channels', says: ['default: there is no channel'], click: 'Copy Channel ID' },
  ],
  [
    'a voice channel',
    'wrong',
    ({ ops }) => void (ops.type = ChannelType.GuildVoice),
    { of: 'discord-channels', says: ['default: #ops is no text channel'], click: 'Copy Channel ID' },
  ],
  [
    'a bot that was kicked',
    'wrong',
    ({ app, guild }) => void app.guilds.delete(guild.id),
    {
      of: 'discord-server',
      says: ['the bot is not in the server'],
      click: 'https://discord.com/oauth2/authorize?client_id=',
      rest: ['unknown discord-channels', 'unknown discord-commands'],
    },
  ],
  [
    'a bot that is timed out',
    'wrong',
    ({ app, guild }) =>
      void Object.assign(guild.members.get(app.id) ?? {}, { silentUntil: Date.now() + 3_600_000 }),
    { of: 'discord-server', says: ['the bot is timed out there'], click: 'Remove Timeout' },
  ],
  [
    'interactions that go to an endpoint',
    'wrong',
    ({ app }) => void (app.endpoint = 'https://else.example/'),
    {
      of: 'discord-application',
      says: ['Discord sends interactions to an endpoint URL'],
      click: 'General Information → Interactions Endpoint URL: empty it',
    },
  ],
  [
    'intents that nothing needs',
    'warn',
    ({ app }) => void (app.privilegedIntents = Intent.MessageContent | Intent.GuildPresences),
    {
      of: 'discord-intents',
      says: ['more than it needs: Presence Intent'],
      click: 'Privileged Gateway Intents → switch off',
    },
  ],
  [
    'a bot that anybody may invite',
    'warn',
    ({ app }) => void (app.botPublic = true),
    {
      of: 'discord-application',
      says: ['anybody may invite it'],
      click: 'Install Link: None; then Bot → Public Bot off',
    },
  ],
];

test.each(faults)(
  '%s: %s, with what to click',
  async (_what, level, harm, { of, says, click, rest = [] }) => {
    const rig = await here();
    harm(rig);
    const after = await rig.look();
    const lines = after.of(of).filter((line) => !line.startsWith('ok'));
    for (const text of says) expect(lines.join('\n')).toContain(`${level} ${text}`);
    expect(lines.join('\n')).toContain(click);
    const news = after.bad.filter((line) => line.includes('discord'));
    expect(news).toEqual([`${level} ${of}`, ...rest]);
    expect(JSON.stringify(after.reply)).not.toContain(rig.app.token);
  },
);

test('no token stored; a token of another application; commands that are not those of now', async () => {
  const rig = await here();
  rig.app.commands.set(rig.guild.id, (rig.app.commands.get(rig.guild.id) ?? []).slice(0, 0));
  expect((await rig.look()).of('discord-commands')[0]).toMatch(
    /^warn not as they are now: \+ reeve.*npm run bots:deploy/u,
  );

  const other = rig.discord.addApp('other');
  await rig.world.as('root', {
    command: 'secret set',
    args: { name: 'discord_token', value: other.token },
    force: true,
  });
  expect((await rig.look()).of('discord-application')).toEqual([
    `wrong the token belongs to the application ${other.id}, reeve.yaml names ${rig.app.id} → Put application: '${other.id}' under chat.discord, or store the other application’s token as discord_token.`,
  ]);
  await rig.world.as('root', { command: 'secret remove', args: { name: 'discord_token' }, force: true });
  expect((await rig.look()).of('discord-token')[0]).toMatch(
    /^wrong no secret is named discord_token → .*REEVE_DISCORD_TOKEN=… reeve doctor/u,
  );
  // A bot that the daemon does not start has it from its environment.
  const elsewhere = { ...rig.env, REEVE_DISCORD_TOKEN: rig.app.token };
  expect((await examined(rig.world, elsewhere)).of('discord-token')).toEqual(['ok the token is reeve’s']);
});

test('Discord is away, limits us, or fails: "could not check", and nothing is called wrong', async () => {
  const rig = await here();
  const { discord, look } = rig;
  const answers = [
    { status: 429, body: { message: 'You are being rate limited.', retry_after: 1, global: false } },
    { status: 503, body: { message: 'upstream' } },
    { status: 200, body: '<html>' },
  ];
  for (const answer of answers) {
    discord.rest.faults.plan('GET *', { kind: 'answer', answer }, 20);
    const seen = await look();
    expect(seen.found.filter(({ part, level }) => part === 'discord' && level === 'wrong')).toEqual([]);
    expect(seen.of('discord-token')[0]).toContain('unknown could not check: Discord does not answer');
    discord.rest.faults.clear();
  }
  await discord.goDown();
  const gone = await look();
  expect(gone.of('discord-token')).toEqual([
    'unknown could not check: Discord does not answer (the connection failed (ECONNREFUSED)) → discordstatus.com; then reeve doctor again',
  ]);
  expect(gone.reply.tone).toBe('warn');
});
