import { ChannelType, PermissionFlagsBits as P } from 'discord-api-types/v10';
import { missingAccess, missingPermissions } from './errors.ts';
import type { Channel, Guild, World } from './world.ts';

export const ALL = Object.values(P).reduce((all, bit) => all | bit, 0n);

/** What a new guild lets everyone do. */
export const EVERYONE =
  P.ViewChannel |
  P.SendMessages |
  P.SendMessagesInThreads |
  P.CreatePublicThreads |
  P.EmbedLinks |
  P.AttachFiles |
  P.AddReactions |
  P.ReadMessageHistory |
  P.UseApplicationCommands;

/** Permissions of a member in a guild, before any channel's overwrites. */
export function inGuild(guild: Guild, userId: string): bigint {
  const member = guild.members.get(userId);
  if (member === undefined) return 0n;
  if (guild.ownerId === userId) return ALL;
  const roles = [guild.id, ...member.roles].map((id) => guild.roles.get(id)?.permissions ?? 0n);
  const all = roles.reduce((sum, bits) => sum | bits, 0n);
  return (all & P.Administrator) === 0n ? all : ALL;
}

/** Permissions in a channel, as Discord computes them: @everyone, then the roles together, then the member. */
export function inChannel(world: World, channel: Channel, userId: string): bigint {
  if (channel.guildId === undefined) return channel.recipients.includes(userId) ? ALL : 0n;
  const guild = world.guilds.get(channel.guildId);
  const member = guild?.members.get(userId);
  if (guild === undefined || member === undefined) return 0n;
  const base = inGuild(guild, userId);
  if (base === ALL) return ALL;
  const { overwrites } = world.channels.get(channel.parentId ?? '') ?? channel;
  const everyone = overwrites.get(guild.id);
  let bits = (base & ~(everyone?.deny ?? 0n)) | (everyone?.allow ?? 0n);
  const roles = member.roles.flatMap((id) => overwrites.get(id) ?? []);
  bits &= ~roles.reduce((sum, { deny }) => sum | deny, 0n);
  bits |= roles.reduce((sum, { allow }) => sum | allow, 0n);
  const own = overwrites.get(userId);
  return (bits & ~(own?.deny ?? 0n)) | (own?.allow ?? 0n);
}

/** Throws 50001 when the channel cannot be seen, 50013 when one of `needed` is missing. */
export function demand(world: World, channel: Channel, userId: string, needed: bigint): void {
  const has = inChannel(world, channel, userId);
  if ((has & P.ViewChannel) === 0n) throw missingAccess();
  if ((has & needed) !== needed) throw missingPermissions();
}

export function isThread({ type }: Channel): boolean {
  return (
    type === ChannelType.PublicThread ||
    type === ChannelType.PrivateThread ||
    type === ChannelType.AnnouncementThread
  );
}
