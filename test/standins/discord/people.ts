import { ChannelType } from 'discord-api-types/v10';
import type { Channel, World } from './world.ts';

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
