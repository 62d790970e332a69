import { ChannelType } from 'discord-api-types/v10';
import { blankMessage, type Channel, type Message, type World } from './world.ts';

/** The direct conversation of two users, made when there is none. */
export function directChannel(world: World, one: string, other: string): Channel {
  const found = [...world.channels.values()].find(
    ({ type, recipients }) =>
      type === ChannelType.DM && recipients.includes(one) && recipients.includes(other),
  );
  if (found !== undefined) return found;
  return addChannel(world, { type: ChannelType.DM, name: '', recipients: [one, other] });
}

export function addChannel(world: World, given: Partial<Channel> & Pick<Channel, 'type' | 'name'>): Channel {
  const channel: Channel = {
    id: world.id(),
    recipients: [],
    overwrites: new Map(),
    archived: false,
    locked: false,
    ...given,
  };
  world.channels.set(channel.id, channel);
  world.changes.happened();
  return channel;
}

/** A thread of a message has the message's id, and begins with a message that refers to it. */
export function openThread(
  world: World,
  from: Message,
  { name, ownerId }: { name: string; ownerId: string },
): Channel {
  const parent = world.channels.get(from.channelId);
  const thread = addChannel(world, {
    id: from.id,
    type: ChannelType.PublicThread,
    name,
    parentId: from.channelId,
    ownerId,
    ...(parent?.guildId === undefined ? {} : { guildId: parent.guildId }),
  });
  from.threadId = thread.id;
  const id = world.id();
  const { authorId } = from;
  const first = blankMessage(id, { channelId: thread.id, authorId, createdAt: world.clock.now() });
  world.messages.set(id, { ...first, starts: from.id });
  return thread;
}
