import { word } from '../args.ts';
import { SlackError } from '../errors.ts';
import { apiMessage } from '../render.ts';
import type { Method, Request } from '../web.ts';
import type { Channel, Message } from '../world.ts';

/** The channel when the bot may write there. */
function writable(request: Request): Channel {
  const channel = request.channel();
  if (channel.archived) throw new SlackError('is_archived');
  if (channel.members.has(request.self)) return channel;
  if (channel.kind === 'public' && request.app.scopes.has('chat:write.public')) return channel;
  throw new SlackError('not_in_channel');
}

function own(request: Request, refusal: string): Message {
  const message = request.world.message(request.channel().id, word(request.args['ts']));
  if (message === undefined) throw new SlackError('message_not_found');
  if (message.appId !== request.app.id) throw new SlackError(refusal);
  return message;
}

export const chatMethods: readonly Method[] = [
  {
    name: 'chat.postMessage',
    scopes: ['chat:write'],
    run: (request) => {
      const channel = writable(request);
      const message = request.messages.send(request.call, request.app, channel, request.args);
      return { channel: channel.id, ts: message.ts, message: apiMessage(request.world, message) };
    },
  },
  {
    name: 'chat.update',
    scopes: ['chat:write'],
    run: (request) => {
      if (request.channel().archived) throw new SlackError('is_inactive');
      // What is answered in a public channel that the bot was taken out of is not published: it may go on here.
      const message = request.messages.edit(request.call, own(request, 'cant_update_message'), request.args);
      return {
        channel: message.channelId,
        ts: message.ts,
        text: message.text,
        message: apiMessage(request.world, message),
      };
    },
  },
  {
    name: 'chat.delete',
    scopes: ['chat:write'],
    run: (request) => {
      const message = own(request, 'cant_delete_message');
      request.messages.delete(message);
      return { channel: message.channelId, ts: message.ts };
    },
  },
  {
    name: 'chat.postEphemeral',
    scopes: ['chat:write'],
    run: (request) => {
      const channel = writable(request);
      const user = word(request.args['user']);
      if (!channel.members.has(user)) throw new SlackError('user_not_in_channel');
      return {
        message_ts: request.messages.send(request.call, request.app, channel, request.args, {
          ephemeralFor: user,
        }).ts,
      };
    },
  },
  {
    name: 'chat.getPermalink',
    scopes: [],
    run: ({ world, args, ...request }) => {
      const channel = request.channel();
      const message = world.message(channel.id, word(args['message_ts']));
      if (message === undefined) throw new SlackError('message_not_found');
      const domain = world.teams.get(channel.teamId)?.domain ?? '';
      return {
        channel: channel.id,
        permalink: `https://${domain}.slack.com/archives/${channel.id}/p${message.ts.replace('.', '')}`,
      };
    },
  },
  ...(['add', 'remove'] as const).map((verb): Method => ({
    name: `reactions.${verb}`,
    scopes: ['reactions:write'],
    run: ({ world, args, self, ...request }) => {
      const message = world.message(request.channel().id, word(args['timestamp']));
      if (message === undefined) throw new SlackError('message_not_found');
      const name = word(args['name']).replaceAll(':', '');
      const users = message.reactions.get(name) ?? new Set();
      if (verb === 'add' && users.has(self)) throw new SlackError('already_reacted');
      if (verb === 'remove' && !users.delete(self)) throw new SlackError('no_reaction');
      if (verb === 'add') users.add(self);
      if (users.size > 0) message.reactions.set(name, users);
      else message.reactions.delete(name);
      world.changes.happened();
      return {};
    },
  })),
  ...(['add', 'remove'] as const).map((verb): Method => ({
    name: `pins.${verb}`,
    scopes: ['pins:write'],
    run: ({ world, args, ...request }) => {
      const message = world.message(request.channel().id, word(args['timestamp']));
      if (message === undefined) throw new SlackError('message_not_found');
      if (message.pinned === (verb === 'add'))
        throw new SlackError(verb === 'add' ? 'already_pinned' : 'no_pin');
      message.pinned = verb === 'add';
      world.changes.happened();
      return {};
    },
  })),
];
