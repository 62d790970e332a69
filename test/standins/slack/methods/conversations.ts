import { word } from '../args.ts';
import { SlackError } from '../errors.ts';
import { apiChannel, apiMessage, apiUser } from '../render.ts';
import type { Method, Request } from '../web.ts';
import type { Channel, Message, User } from '../world.ts';

const READ = ['channels:read', 'groups:read', 'im:read', 'mpim:read'];
const HISTORY = ['channels:history', 'groups:history', 'im:history', 'mpim:history'];
const NEEDED = { public: 'channels:history', private: 'groups:history', im: 'im:history' };

function userOf({ world, teamId, args }: Request): User {
  const user = world.users.get(word(args['user']));
  if (user?.teamId !== teamId) throw new SlackError('user_not_found');
  return user;
}

function readable(request: Request): Channel {
  const channel = request.channel();
  if (!channel.members.has(request.self)) throw new SlackError('not_in_channel');
  const { scopes } = request.app;
  const needed = NEEDED[channel.kind];
  if (!scopes.has(needed)) throw new SlackError('missing_scope', { needed, provided: [...scopes].join(',') });
  return channel;
}

/** Messages between `oldest` and `latest`, with those two only where `inclusive`. */
function between({ args }: Request, messages: readonly Message[]): Message[] {
  const oldest = Number(word(args['oldest'], '0'));
  const latest = Number(word(args['latest'], 'Infinity'));
  const both = word(args['inclusive']) === 'true' || args['inclusive'] === true;
  return messages.filter(({ ts }) => {
    const at = Number(ts);
    return (at > oldest && at < latest) || (both && (at === oldest || at === latest));
  });
}

/** Cursors are offsets here; clients must not look into them. */
function page<T>(
  { args }: Request,
  all: readonly T[],
  usual: number,
): { items: T[]; response_metadata: { next_cursor: string } } {
  const from = Number(Buffer.from(word(args['cursor']), 'base64').toString() || 0);
  const limit = Math.max(1, Number(args['limit'] ?? usual));
  const next = from + limit < all.length ? Buffer.from(String(from + limit)).toString('base64') : '';
  return { items: all.slice(from, from + limit), response_metadata: { next_cursor: next } };
}

export const conversationMethods: readonly Method[] = [
  {
    name: 'conversations.info',
    scopes: READ,
    run: (request) => ({ channel: apiChannel(request.channel(), request.self) }),
  },
  {
    name: 'conversations.list',
    scopes: READ,
    run: (request) => {
      const wanted = word(request.args['types'], 'public_channel').split(',');
      const kinds = { public: 'public_channel', private: 'private_channel', im: 'im' };
      const all = [...request.world.channels.values()].filter(
        ({ teamId, kind, members }) =>
          teamId === request.teamId &&
          wanted.includes(kinds[kind]) &&
          (kind === 'public' || members.has(request.self)),
      );
      const { items, response_metadata } = page(request, all, 100);
      return { channels: items.map((channel) => apiChannel(channel, request.self)), response_metadata };
    },
  },
  {
    name: 'conversations.members',
    scopes: READ,
    run: (request) => {
      const { items, response_metadata } = page(request, [...request.channel().members], 100);
      return { members: items, response_metadata };
    },
  },
  {
    name: 'conversations.join',
    scopes: ['channels:join'],
    run: (request) => {
      const channel = request.channel();
      if (channel.kind !== 'public') throw new SlackError('method_not_supported_for_channel_type');
      channel.members.add(request.self);
      return { channel: apiChannel(channel, request.self) };
    },
  },
  {
    name: 'conversations.open',
    scopes: ['im:write', 'mpim:write'],
    run: (request) => {
      const { world, args, self, teamId } = request;
      const user = world.users.get(word(args['users']));
      if (user?.teamId !== teamId) throw new SlackError('user_not_found');
      return { channel: apiChannel(world.direct(self, user.id), self) };
    },
  },
  {
    name: 'conversations.history',
    scopes: HISTORY,
    run: (request) => {
      const all = between(
        request,
        request.world
          .messagesIn(readable(request).id)
          .filter(({ ephemeralFor }) => ephemeralFor === undefined),
      );
      const { items, response_metadata } = page(request, all.toReversed(), 100);
      return {
        messages: items.map((message) => apiMessage(request.world, message)),
        has_more: response_metadata.next_cursor !== '',
        response_metadata,
      };
    },
  },
  {
    name: 'conversations.replies',
    scopes: HISTORY,
    run: (request) => {
      const channel = readable(request);
      const root = request.world.message(channel.id, word(request.args['ts']));
      if (root === undefined) throw new SlackError('thread_not_found');
      const all = [root, ...between(request, request.world.messagesIn(channel.id, undefined, root.ts))];
      const { items, response_metadata } = page(request, all, 1_000);
      return {
        messages: items.map((message) => apiMessage(request.world, message)),
        has_more: response_metadata.next_cursor !== '',
        response_metadata,
      };
    },
  },
  { name: 'users.info', scopes: ['users:read'], run: (request) => ({ user: apiUser(userOf(request)) }) },
  {
    name: 'users.list',
    scopes: ['users:read'],
    run: (request) => {
      const all = [...request.world.users.values()].filter(({ teamId }) => teamId === request.teamId);
      const { items, response_metadata } = page(request, all, 200);
      return { members: items.map(apiUser), response_metadata };
    },
  },
];
