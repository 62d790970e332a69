import { ChannelType, MessageFlags, MessageType, type APIMessage, type APIUser } from 'discord-api-types/v10';
import { inGuild, isThread } from './permissions.ts';
import type { Channel, Guild, Member, Message, World } from './world.ts';

export function apiMember(world: World, member: Member): Record<string, unknown> {
  return {
    user: world.users.get(member.userId),
    nick: null,
    avatar: null,
    banner: null,
    roles: member.roles,
    joined_at: iso(member.joinedAt),
    premium_since: null,
    deaf: false,
    mute: false,
    flags: 0,
    pending: false,
    communication_disabled_until: member.silentUntil === undefined ? null : iso(member.silentUntil),
  };
}

export function apiChannel(world: World, channel: Channel): Record<string, unknown> {
  const { id, type, name, guildId, parentId, ownerId } = channel;
  const shared = { id, type, last_message_id: channel.lastMessageId ?? null, flags: 0 };
  if (type === ChannelType.DM)
    return { ...shared, recipients: channel.recipients.map((user) => world.users.get(user)) };
  if (isThread(channel)) {
    return {
      ...shared,
      name,
      guild_id: guildId,
      parent_id: parentId,
      owner_id: ownerId,
      message_count: world.messagesIn(id).length,
      total_message_sent: world.messagesIn(id).length,
      member_count: 1,
      rate_limit_per_user: 0,
      thread_metadata: {
        archived: channel.archived,
        locked: channel.locked,
        auto_archive_duration: 1440,
        archive_timestamp: iso(world.clock.now()),
        create_timestamp: iso(world.clock.now()),
      },
    };
  }
  return {
    ...shared,
    name,
    guild_id: guildId,
    parent_id: null,
    position: 0,
    topic: null,
    nsfw: false,
    rate_limit_per_user: 0,
    permission_overwrites: [...channel.overwrites].map(([target, { kind, allow, deny }]) => ({
      id: target,
      type: kind === 'role' ? 0 : 1,
      allow: allow.toString(),
      deny: deny.toString(),
    })),
  };
}

export function apiGuild(guild: Guild): Record<string, unknown> {
  return {
    id: guild.id,
    name: guild.name,
    owner_id: guild.ownerId,
    icon: null,
    splash: null,
    banner: null,
    description: null,
    features: [],
    emojis: [],
    stickers: [],
    roles: [...guild.roles.values()].map((role, position) => ({
      id: role.id,
      name: role.name,
      permissions: role.permissions.toString(),
      position,
      color: 0,
      colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
      hoist: false,
      managed: false,
      mentionable: false,
      flags: 0,
    })),
    afk_channel_id: null,
    afk_timeout: 300,
    system_channel_id: null,
    system_channel_flags: 0,
    rules_channel_id: null,
    public_updates_channel_id: null,
    safety_alerts_channel_id: null,
    preferred_locale: 'en-US',
    verification_level: 0,
    default_message_notifications: 0,
    explicit_content_filter: 0,
    mfa_level: 0,
    nsfw_level: 0,
    premium_tier: 0,
    premium_subscription_count: 0,
    premium_progress_bar_enabled: false,
    vanity_url_code: null,
    max_members: 500_000,
  };
}

/** GUILD_CREATE: the guild with what the bot sees of it. */
export function apiGuildCreate(world: World, guild: Guild, botId: string): Record<string, unknown> {
  const channels = [...world.channels.values()].filter(({ guildId }) => guildId === guild.id);
  return {
    ...apiGuild(guild),
    large: false,
    unavailable: false,
    member_count: guild.members.size,
    joined_at: iso(guild.members.get(botId)?.joinedAt ?? 0),
    members: [...guild.members.values()].map((member) => apiMember(world, member)),
    channels: channels.filter((channel) => !isThread(channel)).map((channel) => apiChannel(world, channel)),
    threads: channels.filter(isThread).map((channel) => apiChannel(world, channel)),
    presences: [],
    voice_states: [],
    stage_instances: [],
    guild_scheduled_events: [],
    soundboard_sounds: [],
  };
}

export function apiMessage(world: World, message: Message): APIMessage {
  const { interaction } = message;
  const refersTo = message.repliesTo ?? message.starts;
  const referred = world.messages.get(refersTo ?? '');
  return {
    id: message.id,
    channel_id: message.channelId,
    author: world.users.get(message.authorId) as APIUser,
    content: message.content,
    timestamp: iso(message.createdAt),
    edited_timestamp: message.editedAt === undefined ? null : iso(message.editedAt),
    tts: false,
    mention_everyone: message.pings.everyone,
    mentions: message.pings.users.map((id) => world.users.get(id)),
    mention_roles: message.pings.roles,
    attachments: message.attachments,
    embeds: message.embeds,
    components: message.components,
    reactions: [...message.reactions].map(([emoji, users]) => ({
      count: users.size,
      count_details: { burst: 0, normal: users.size },
      me: false,
      me_burst: false,
      emoji: { id: null, name: emoji },
      burst_colors: [],
    })),
    pinned: message.pinned,
    flags: message.flags,
    type:
      interaction?.type === 2
        ? MessageType.ChatInputCommand
        : message.starts !== undefined
          ? MessageType.ThreadStarterMessage
          : message.repliesTo !== undefined
            ? MessageType.Reply
            : MessageType.Default,
    ...(message.nonce === undefined ? {} : { nonce: message.nonce }),
    ...(message.applicationId === undefined ? {} : { application_id: message.applicationId }),
    ...(message.applicationId === undefined || interaction === undefined
      ? {}
      : { webhook_id: message.applicationId }),
    ...(refersTo === undefined
      ? {}
      : {
          message_reference: {
            type: 0,
            channel_id: referred?.channelId ?? message.channelId,
            message_id: refersTo,
          },
        }),
    ...(message.starts !== undefined && referred !== undefined
      ? { referenced_message: apiMessage(world, referred) }
      : {}),
    ...(interaction === undefined
      ? {}
      : {
          interaction_metadata: {
            id: interaction.id,
            type: interaction.type,
            user: world.users.get(interaction.userId),
            authorizing_integration_owners: {},
          },
        }),
  } as unknown as APIMessage;
}

/** Permissions as the API writes them. */
export function guildPermissions(guild: Guild, userId: string): string {
  return inGuild(guild, userId).toString();
}

export const isEphemeral = (flags: number): boolean => (flags & MessageFlags.Ephemeral) !== 0;
export const iso = (ms: number): string => new Date(ms).toISOString().replace('Z', '000+00:00');
