import type { App, Channel, Message, Modal, StoredFile, User, World } from './world.ts';

export function apiMessage(world: World, message: Message): Record<string, unknown> {
  const app = message.appId === undefined ? undefined : world.apps.get(message.appId);
  const replies = world.messagesIn(message.channelId, undefined, message.ts);
  return {
    type: 'message',
    ts: message.ts,
    user: message.userId,
    text: message.text,
    team: world.channels.get(message.channelId)?.teamId,
    ...(message.blocks.length > 0 ? { blocks: message.blocks } : {}),
    ...(message.attachments.length > 0 ? { attachments: message.attachments } : {}),
    ...(message.files.length > 0 ? { files: message.files.map((id) => apiFile(world.files.get(id))) } : {}),
    ...(app === undefined
      ? {}
      : {
          bot_id: app.botId,
          app_id: app.id,
          bot_profile: { id: app.botId, app_id: app.id, name: app.name, deleted: false },
        }),
    ...(message.threadTs === undefined ? {} : { thread_ts: message.threadTs }),
    ...(replies.length > 0 ? { reply_count: replies.length, latest_reply: replies.at(-1)?.ts } : {}),
    ...(message.editedAt === undefined
      ? {}
      : { edited: { user: message.userId, ts: `${Math.floor(message.editedAt / 1_000)}.000000` } }),
    ...(message.reactions.size === 0
      ? {}
      : {
          reactions: [...message.reactions].map(([name, users]) => ({
            name,
            users: [...users],
            count: users.size,
          })),
        }),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
  };
}

export function apiChannel(channel: Channel, viewer: string): Record<string, unknown> {
  const im = channel.kind === 'im';
  return {
    id: channel.id,
    ...(im
      ? { user: [...channel.members].find((id) => id !== viewer) }
      : { name: channel.name, name_normalized: channel.name }),
    is_channel: channel.kind === 'public',
    is_group: channel.kind === 'private',
    is_im: im,
    is_mpim: false,
    is_private: channel.kind !== 'public',
    is_archived: channel.archived,
    is_member: channel.members.has(viewer),
    context_team_id: channel.teamId,
    topic: { value: channel.topic, creator: '', last_set: 0 },
    purpose: { value: '', creator: '', last_set: 0 },
    num_members: channel.members.size,
  };
}

export function apiUser(user: User): Record<string, unknown> {
  return {
    id: user.id,
    team_id: user.teamId,
    name: user.name,
    real_name: user.realName,
    deleted: user.deleted,
    is_bot: user.isBot,
    is_admin: user.isAdmin,
    is_owner: false,
    is_restricted: false,
    is_ultra_restricted: false,
    is_app_user: false,
    tz: 'Europe/London',
    profile: { real_name: user.realName, display_name: user.name, team: user.teamId },
  };
}

export function apiFile(file: StoredFile | undefined): Record<string, unknown> {
  return {
    id: file?.id,
    name: file?.name,
    title: file?.title,
    size: file?.length,
    user: file?.userId,
    channels: file?.shared,
  };
}

/** A view as payloads and views.* show it; `values` is what stands in its fields. */
export function apiView(world: World, modal: Modal, values: object = {}): Record<string, unknown> {
  const { view } = modal;
  return {
    id: modal.id,
    team_id: modal.teamId,
    type: view.type,
    blocks: view.blocks,
    private_metadata: view.private_metadata ?? '',
    callback_id: view.callback_id ?? '',
    state: { values },
    hash: modal.hash,
    title: view.title,
    clear_on_close: view.clear_on_close ?? false,
    notify_on_close: view.notify_on_close ?? false,
    close: view.close ?? null,
    submit: view.submit ?? null,
    previous_view_id: modal.previousId ?? null,
    root_view_id: modal.rootId,
    app_id: modal.appId,
    external_id: view.external_id ?? '',
    app_installed_team_id: modal.teamId,
    bot_id: world.apps.get(modal.appId)?.botId,
  };
}

export const teamOf = (world: World, id: string): { id: string; domain: string } => ({
  id,
  domain: world.teams.get(id)?.domain ?? '',
});

export const botUser = (app: App, teamId: string): string => app.botUsers.get(teamId) ?? '';
