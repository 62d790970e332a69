import { ChannelType, PermissionFlagsBits as P, RESTJSONErrorCodes as Code } from 'discord-api-types/v10';
import { ApiError, missingAccess, unknownGuild, unknownMember } from '../errors.ts';
import { Limits } from '../limits.ts';
import { addChannel } from '../people.ts';
import { demand, isThread } from '../permissions.ts';
import { apiChannel, apiGuild, apiMember } from '../render.ts';
import type { Request, Route } from '../rest.ts';
import type { Channel, Guild, Message } from '../world.ts';

function guildOf({ world, app, params }: Request): Guild {
  const guild = world.guilds.get(params['guild'] ?? '');
  if (guild === undefined) throw unknownGuild();
  if (!app.guilds.has(guild.id)) throw missingAccess();
  return guild;
}

function startThread(request: Request, from?: Message): object {
  const { world, app, body, judge, call } = request;
  const parent = request.channel();
  const kind = (body['type'] ??
    (from === undefined ? ChannelType.PrivateThread : ChannelType.PublicThread)) as ChannelType;
  demand(
    world,
    parent,
    app.id,
    kind === ChannelType.PrivateThread ? P.CreatePrivateThreads : P.CreatePublicThreads,
  );
  const limits = new Limits();
  limits.text(body['name'], ['name'], 100, 1);
  judge.check(call, from === undefined ? 'Thread' : 'ThreadOfMessage', body, limits.found);
  if (from?.threadId !== undefined)
    throw new ApiError(400, 160004, 'A thread has already been created for this message');
  const thread = addChannel(world, {
    // A thread of a message has the message's id.
    ...(from === undefined ? {} : { id: from.id }),
    type: kind,
    name: String(body['name']),
    parentId: parent.id,
    ownerId: app.id,
    ...(parent.guildId === undefined ? {} : { guildId: parent.guildId }),
  });
  if (from !== undefined) from.threadId = thread.id;
  const rendered = apiChannel(world, thread);
  world.announce(
    'THREAD_CREATE',
    { ...rendered, newly_created: true },
    { ...(thread.guildId && { guildId: thread.guildId }) },
  );
  return { status: 201, body: rendered };
}

function change(request: Request, channel: Channel): object {
  const { world, app, body, judge, call } = request;
  const mine = isThread(channel) && channel.ownerId === app.id;
  demand(world, channel, app.id, mine ? 0n : isThread(channel) ? P.ManageThreads : P.ManageChannels);
  const limits = new Limits();
  if (body['name'] !== undefined) limits.text(body['name'], ['name'], 100, 1);
  judge.check(call, 'ChannelEdit', body, limits.found);
  if (typeof body['name'] === 'string') channel.name = body['name'];
  if (typeof body['archived'] === 'boolean') channel.archived = body['archived'];
  if (typeof body['locked'] === 'boolean') channel.locked = body['locked'];
  world.announce(isThread(channel) ? 'THREAD_UPDATE' : 'CHANNEL_UPDATE', apiChannel(world, channel), {
    ...(channel.guildId && { guildId: channel.guildId }),
  });
  return apiChannel(world, channel);
}

/** Channels, threads, guilds and their members. */
export const channelRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: '/channels/:channel',
    run: (request) => {
      demand(request.world, request.channel(), request.app.id, 0n);
      return apiChannel(request.world, request.channel());
    },
  },
  { method: 'PATCH', path: '/channels/:channel', run: (request) => change(request, request.channel()) },
  { method: 'POST', path: '/channels/:channel/threads', run: (request) => startThread(request) },
  {
    method: 'POST',
    path: '/channels/:channel/messages/:message/threads',
    run: (request) =>
      startThread(request, request.messages.find(request.channel().id, request.params['message'] ?? '')),
  },
  ...['PUT', 'DELETE'].map((method): Route => ({
    method,
    path: '/channels/:channel/thread-members/:user',
    run: (request) => {
      if (!isThread(request.channel()))
        throw new ApiError(
          400,
          Code.CannotExecuteActionOnThisChannelType,
          'Cannot execute action on this channel type',
        );
      demand(request.world, request.channel(), request.app.id, P.SendMessagesInThreads);
      return undefined;
    },
  })),
  { method: 'GET', path: '/guilds/:guild', run: (request) => apiGuild(guildOf(request)) },
  {
    method: 'GET',
    path: '/guilds/:guild/channels',
    run: (request) =>
      [...request.world.channels.values()]
        .filter((channel) => channel.guildId === guildOf(request).id && !isThread(channel))
        .map((channel) => apiChannel(request.world, channel)),
  },
  {
    method: 'GET',
    path: '/guilds/:guild/roles',
    run: (request) => (apiGuild(guildOf(request)) as { roles: object }).roles,
  },
  {
    method: 'GET',
    path: '/guilds/:guild/members/:user',
    run: (request) => {
      const id = request.params['user'] === '@me' ? request.app.id : (request.params['user'] ?? '');
      const member = guildOf(request).members.get(id);
      if (member === undefined) throw unknownMember();
      return apiMember(request.world, member);
    },
  },
];
