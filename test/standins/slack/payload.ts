import type { Activity } from './activity.ts';
import { apiMessage, apiView, teamOf } from './render.ts';
import type { Channel, Message, Modal, World } from './world.ts';

/** What a person's own client would not let them do. */
export class PersonCannot extends Error {}

type Body = Record<string, unknown>;

const ENTERPRISE = { enterprise: null, is_enterprise_install: false };

function common(world: World, { app, userId, triggerId }: Activity): Body {
  const user = world.users.get(userId);
  return {
    user: { id: userId, username: user?.name, name: user?.name, team_id: user?.teamId },
    team: teamOf(world, user?.teamId ?? ''),
    api_app_id: app.id,
    token: app.verification,
    trigger_id: triggerId,
    ...ENTERPRISE,
  };
}

const named = (channel: Channel): object => ({
  id: channel.id,
  name: channel.kind === 'im' ? 'directmessage' : channel.name,
});

/** The form fields of a slash command; in Socket Mode the same as JSON. */
export function slashBody(world: World, activity: Activity, text: string): Body {
  const { app, userId, channel, command, triggerId, responseUrl } = activity;
  const user = world.users.get(userId);
  const team = world.teams.get(user?.teamId ?? '');
  return {
    token: app.verification,
    team_id: team?.id,
    team_domain: team?.domain,
    channel_id: channel?.id,
    channel_name: channel?.kind === 'im' ? 'directmessage' : channel?.name,
    user_id: userId,
    user_name: user?.name,
    command,
    text,
    api_app_id: app.id,
    is_enterprise_install: 'false',
    response_url: responseUrl,
    trigger_id: triggerId,
  };
}

/** Where an element was used: in a message or in a modal. */
export function actionBody(world: World, activity: Activity, action: object, values: object): Body {
  const { source, on, channel, responseUrl } = activity;
  const inMessage =
    source === undefined
      ? {}
      : {
          container: {
            type: 'message',
            message_ts: source.ts,
            channel_id: source.channelId,
            is_ephemeral: source.ephemeralFor !== undefined,
            ...(source.threadTs === undefined ? {} : { thread_ts: source.threadTs }),
          },
          channel: named(channel as Channel),
          message: apiMessage(world, source),
          response_url: responseUrl,
        };
  const inView =
    on === undefined ? {} : { container: { type: 'view', view_id: on.id }, view: apiView(world, on, values) };
  return {
    type: 'block_actions',
    ...common(world, activity),
    ...inMessage,
    ...inView,
    state: { values },
    actions: [{ ...action, action_ts: world.ts() }],
  };
}

export function suggestionBody(
  world: World,
  activity: Activity,
  element: { action_id: string; block_id: string },
  value: string,
): Body {
  const { source, on, channel } = activity;
  return {
    type: 'block_suggestion',
    ...common(world, activity),
    ...element,
    value,
    ...(on === undefined ? {} : { container: { type: 'view', view_id: on.id }, view: apiView(world, on) }),
    ...(source === undefined
      ? {}
      : {
          container: { type: 'message', message_ts: source.ts, channel_id: source.channelId },
          channel: named(channel as Channel),
          message: apiMessage(world, source),
        }),
  };
}

export function viewBody(
  world: World,
  activity: Activity,
  modal: Modal,
  values: object,
  type: 'view_submission' | 'view_closed',
): Body {
  return {
    type,
    ...common(world, activity),
    view: apiView(world, modal, values),
    ...(type === 'view_submission' ? { response_urls: [] } : { is_cleared: false }),
  };
}

export function shortcutBody(world: World, activity: Activity, callbackId: string): Body {
  return { type: 'shortcut', ...common(world, activity), callback_id: callbackId, action_ts: world.ts() };
}

/** A shortcut of a message, with that message whole. Other than the rest it does not name the app (Slack API docs, "Shortcuts payloads"). */
export function messageShortcutBody(
  world: World,
  activity: Activity,
  message: Message,
  callbackId: string,
): Body {
  const { api_app_id: _app, ...shared } = common(world, activity);
  return {
    type: 'message_action',
    ...shared,
    callback_id: callbackId,
    action_ts: world.ts(),
    response_url: activity.responseUrl,
    message_ts: message.ts,
    channel: named(activity.channel as Channel),
    message: apiMessage(world, message),
  };
}
