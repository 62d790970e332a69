import { GatewayIntentBits, PermissionFlagsBits as P, type APIMessage } from 'discord-api-types/v10';
import { ApiError, invalidForm, notYours } from '../errors.ts';
import { demand, inChannel, isThread } from '../permissions.ts';
import { apiMessage } from '../render.ts';
import type { Request, Route } from '../rest.ts';
import type { App, Message } from '../world.ts';

const message = (request: Request): Message => {
  const channel = request.channel();
  demand(request.world, channel, request.app.id, P.ReadMessageHistory);
  return request.messages.find(channel.id, request.params['message'] ?? '');
};

const own = (request: Request): Message => {
  demand(request.world, request.channel(), request.app.id, 0n);
  const found = request.messages.find(request.channel().id, request.params['message'] ?? '');
  if (found.authorId !== request.app.id) throw notYours();
  return found;
};

/** Without MESSAGE_CONTENT an app gets others' messages without their text by the API, too, but for those that mention it and direct ones. */
function withheld(app: App, message: APIMessage): APIMessage {
  const mine = message.author.id === app.id || message.mentions.some(({ id }) => id === app.id);
  if (mine || (app.privilegedIntents & GatewayIntentBits.MessageContent) !== 0) return message;
  const { referenced_message: referred } = message;
  return {
    ...message,
    content: '',
    embeds: [],
    attachments: [],
    components: [],
    ...(referred ? { referenced_message: withheld(app, referred) } : {}),
  };
}

const AT = '/channels/:channel/messages';

/** Messages that a bot writes with its own token. */
export const messageRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: AT,
    run: (request) => {
      const channel = request.channel();
      const send = isThread(channel) ? P.SendMessagesInThreads : P.SendMessages;
      const embeds = ((request.body['embeds'] ?? []) as object[]).length > 0 ? P.EmbedLinks : 0n;
      demand(
        request.world,
        channel,
        request.app.id,
        send | embeds | (request.files.length > 0 ? P.AttachFiles : 0n),
      );
      // 50083 for an archived thread that is locked; one that is only archived wakes up.
      if (channel.locked) throw new ApiError(400, 50083, 'Thread is archived');
      channel.archived = false;
      const { nonce, enforce_nonce: enforce } = request.body;
      const same = request.world
        .messagesIn(channel.id)
        .find((one) => one.nonce === nonce && one.authorId === request.app.id);
      // Only of the last few minutes; how long exactly is not published.
      if (enforce === true && nonce !== undefined && same !== undefined)
        return apiMessage(request.world, same);
      return apiMessage(
        request.world,
        request.messages.send(channel, request.app.id, request.draft('Message'), {
          applicationId: request.app.id,
        }),
      );
    },
  },
  {
    method: 'GET',
    path: AT,
    run: ({ query, world, app, ...request }) => {
      const channel = request.channel();
      demand(world, channel, app.id, 0n);
      // Not refused: no message is given (Discord API docs, "Get Channel Messages").
      if ((inChannel(world, channel, app.id) & P.ReadMessageHistory) === 0n) return [];
      const limit = Number(query.get('limit') ?? 50);
      if (!(limit >= 1 && limit <= 100))
        throw invalidForm([
          {
            path: ['limit'],
            code: limit > 100 ? 'NUMBER_TYPE_MAX' : 'NUMBER_TYPE_MIN',
            message: 'int value should be between 1 and 100.',
          },
        ]);
      const after = query.get('after');
      const before = query.get('before');
      const around = query.get('around');
      const all = world
        .messagesIn(channel.id)
        .filter(
          ({ id, ephemeralFor }) =>
            ephemeralFor === undefined &&
            (after === null || BigInt(id) > BigInt(after)) &&
            (before === null || BigInt(id) < BigInt(before)),
        );
      const at = around === null ? -1 : all.filter(({ id }) => BigInt(id) < BigInt(around)).length;
      const from = Math.max(0, at - Math.floor(limit / 2));
      const some =
        around !== null
          ? all.slice(from, from + limit)
          : after === null
            ? all.slice(-limit)
            : all.slice(0, limit);
      return some.toReversed().map((one) => withheld(app, apiMessage(world, one)));
    },
  },
  {
    method: 'GET',
    path: `${AT}/:message`,
    run: (request) => withheld(request.app, apiMessage(request.world, message(request))),
  },
  {
    method: 'PATCH',
    path: `${AT}/:message`,
    run: (request) =>
      apiMessage(request.world, request.messages.edit(own(request), request.draft('MessageEdit'))),
  },
  {
    method: 'DELETE',
    path: `${AT}/:message`,
    run: (request) => {
      const channel = request.channel();
      const found = request.messages.find(channel.id, request.params['message'] ?? '');
      if (found.authorId !== request.app.id) demand(request.world, channel, request.app.id, P.ManageMessages);
      request.messages.delete(found);
      return undefined;
    },
  },
  {
    method: 'PUT',
    path: `${AT}/:message/reactions/:emoji/@me`,
    run: (request) => {
      const found = message(request);
      const emoji = request.params['emoji'] ?? '';
      if (!found.reactions.has(emoji))
        demand(request.world, request.channel(), request.app.id, P.AddReactions);
      found.reactions.set(emoji, (found.reactions.get(emoji) ?? new Set()).add(request.app.id));
      request.world.changes.happened();
      return undefined;
    },
  },
  {
    method: 'DELETE',
    path: `${AT}/:message/reactions/:emoji/@me`,
    run: (request) => {
      message(request)
        .reactions.get(request.params['emoji'] ?? '')
        ?.delete(request.app.id);
      request.world.changes.happened();
      return undefined;
    },
  },
  ...['PUT', 'DELETE'].flatMap((method): Route[] =>
    ['/channels/:channel/pins/:message', '/channels/:channel/messages/pins/:message'].map((path) => ({
      method,
      path,
      run: (request) => {
        demand(request.world, request.channel(), request.app.id, P.ManageMessages);
        const found = message(request);
        found.pinned = method === 'PUT';
        request.messages.changed(found);
        return undefined;
      },
    })),
  ),
  {
    method: 'POST',
    path: '/channels/:channel/typing',
    run: (request) => void demand(request.world, request.channel(), request.app.id, P.SendMessages),
  },
];
