import { word } from '../args.ts';
import { SlackError } from '../errors.ts';
import { apiFile, apiMessage, apiView } from '../render.ts';
import type { Method, Request } from '../web.ts';
import type { StoredFile } from '../world.ts';

function uploaded({ world }: Request, id: string): StoredFile {
  const file = world.files.get(id);
  if (file?.bytes === undefined) throw new SlackError('file_not_found');
  return file;
}

/** Tokens, sockets, modals and files. */
export const appMethods: readonly Method[] = [
  {
    name: 'auth.test',
    scopes: [],
    run: ({ world, app, teamId, self }) =>
      teamId === ''
        ? { app_id: app.id, app_name: app.name }
        : {
            url: `https://${world.teams.get(teamId)?.domain ?? ''}.slack.com/`,
            team: world.teams.get(teamId)?.name,
            user: app.name,
            team_id: teamId,
            user_id: self,
            bot_id: app.botId,
            is_enterprise_install: false,
          },
  },
  {
    name: 'apps.connections.open',
    scopes: [],
    appLevel: true,
    run: ({ app, socket, origin }) => {
      if (!app.appScopes.has('connections:write'))
        throw new SlackError('missing_scope', {
          needed: 'connections:write',
          provided: [...app.appScopes].join(','),
        });
      // The word for "Socket Mode is off" is not published.
      if (app.endpoint !== undefined) throw new SlackError('forbidden_request');
      return { url: `${origin().replace('http', 'ws')}${socket.ticket(app)}` };
    },
  },
  {
    name: 'bots.info',
    scopes: ['users:read'],
    run: ({ world, args, app }) => {
      const found = [...world.apps.values()].find(({ botId }) => botId === (args['bot'] ?? app.botId));
      if (found === undefined) throw new SlackError('bot_not_found');
      return { bot: { id: found.botId, app_id: found.id, name: found.name, deleted: false } };
    },
  },
  {
    name: 'team.info',
    scopes: ['team:read'],
    run: ({ world, teamId }) => ({ team: world.teams.get(teamId) }),
  },
  ...(['open', 'push'] as const).map((verb): Method => ({
    name: `views.${verb}`,
    scopes: [],
    run: ({ world, modals, app, args, call }) => ({
      view: apiView(world, modals.open(call, app, args['trigger_id'], args['view'], verb === 'push')),
    }),
  })),
  {
    name: 'views.update',
    scopes: [],
    run: ({ world, modals, app, args, call }) => ({
      view: apiView(world, modals.update(call, app, args, args['view'])),
    }),
  },
  {
    name: 'files.getUploadURLExternal',
    scopes: ['files:write'],
    run: ({ world, args, self, origin }) => {
      const length = Number(args['length']);
      if (typeof args['filename'] !== 'string' || !(length > 0)) throw new SlackError('invalid_arguments');
      const id = world.id('F');
      world.files.set(id, {
        id,
        name: args['filename'],
        title: args['filename'],
        length,
        shared: [],
        userId: self,
      });
      return { upload_url: `${origin()}/upload/v1/${id}`, file_id: id };
    },
  },
  {
    name: 'files.completeUploadExternal',
    scopes: ['files:write'],
    run: (request) => {
      const { world, args, app, messages, call } = request;
      const given = args['files'] as { id: string; title?: string }[] | undefined;
      if (!Array.isArray(given) || given.length === 0) throw new SlackError('invalid_arguments');
      const files = given.map(({ id, title }) =>
        Object.assign(uploaded(request, id), title === undefined ? {} : { title }),
      );
      const ids = word(args['channel_id'] ?? args['channels'])
        .split(',')
        .filter((id) => id !== '');
      for (const id of ids) {
        const channel = world.channels.get(id);
        if (channel?.teamId !== request.teamId) throw new SlackError('channel_not_found');
        if (!channel.members.has(request.self)) throw new SlackError('not_in_channel');
        for (const file of files) file.shared.push(id);
        // The real platform shares a moment later, and tells only through events which message it became.
        messages.send(
          call,
          app,
          channel,
          { text: args['initial_comment'], thread_ts: args['thread_ts'] },
          { files: files.map((file) => file.id) },
        );
      }
      return { files: files.map(apiFile) };
    },
  },
  {
    name: 'files.info',
    scopes: ['files:read'],
    run: (request) => ({ file: apiFile(uploaded(request, word(request.args['file']))) }),
  },
  {
    name: 'reactions.get',
    scopes: ['reactions:read'],
    run: ({ world, args, ...request }) => {
      const message = world.message(request.channel().id, word(args['timestamp']));
      if (message === undefined) throw new SlackError('message_not_found');
      return { type: 'message', channel: message.channelId, message: apiMessage(world, message) };
    },
  },
];
