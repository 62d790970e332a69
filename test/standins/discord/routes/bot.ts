import { ApplicationFlags as Flag, GatewayIntentBits as Intent } from 'discord-api-types/v10';
import { unknownUser } from '../errors.ts';
import { apiChannel, apiGuild, guildPermissions } from '../render.ts';
import type { Request, Route } from '../rest.ts';
import { directChannel } from '../people.ts';
import type { App } from '../world.ts';

const application = ({ app, world }: Request): object => ({
  id: app.id,
  name: app.name,
  icon: null,
  description: '',
  bot_public: app.botPublic,
  bot_require_code_grant: false,
  verify_key: app.publicKey,
  flags: flagsOf(app),
  approximate_guild_count: app.guilds.size,
  interactions_endpoint_url: app.endpoint ?? null,
  owner: { id: '1', username: 'owner', discriminator: '0', avatar: null, global_name: null },
  bot: world.users.get(app.id),
  team: null,
});

/** Of an application in fewer than 100 servers: the intents that are switched on. */
const flagsOf = ({ privilegedIntents: on }: App): number =>
  ((on & Intent.GuildPresences) === 0 ? 0 : Flag.GatewayPresenceLimited) |
  ((on & Intent.GuildMembers) === 0 ? 0 : Flag.GatewayGuildMembersLimited) |
  ((on & Intent.MessageContent) === 0 ? 0 : Flag.GatewayMessageContentLimited);

const information = ({ origin, gateway }: Request): object => ({
  url: origin().replace('http', 'ws'),
  shards: 1,
  session_start_limit: {
    total: 1_000,
    remaining: 1_000 - gateway.identifies,
    reset_after: 86_400_000,
    max_concurrency: 1,
  },
});

/** What a bot asks about itself. */
export const botRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/gateway',
    open: true,
    run: ({ origin }) => ({ url: origin().replace('http', 'ws') }),
  },
  { method: 'GET', path: '/gateway/bot', run: information },
  { method: 'GET', path: '/applications/@me', run: application },
  { method: 'GET', path: '/oauth2/applications/@me', run: application },
  { method: 'GET', path: '/users/@me', run: ({ app, world }) => world.users.get(app.id) },
  {
    method: 'GET',
    path: '/users/@me/guilds',
    run: ({ app, world }) =>
      [...app.guilds]
        .flatMap((id) => world.guilds.get(id) ?? [])
        .map((guild) => ({
          ...apiGuild(guild),
          owner: false,
          permissions: guildPermissions(guild, app.id),
        })),
  },
  {
    method: 'POST',
    path: '/users/@me/channels',
    run: ({ app, world, judge, body, call }) => {
      judge.check(call, 'DirectChannel', body);
      const user = world.users.get(String(body['recipient_id']));
      if (user === undefined) throw unknownUser();
      return apiChannel(world, directChannel(world, app.id, user.id));
    },
  },
  {
    method: 'GET',
    path: '/users/:user',
    run: ({ world, params }) => {
      const user = world.users.get(params['user'] ?? '');
      if (user === undefined) throw unknownUser();
      return user;
    },
  },
];
