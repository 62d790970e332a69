import { z } from 'zod';
import type { ChatFrom } from '../../contracts/chat.ts';
import { ZERO_WIDTH } from '../dispatch/markup/markup.ts';

/** What Slack says of every interaction that is not a slash command. Only ids are read. */
const Common = z.object({
  user: z.object({ id: z.string(), team_id: z.string().nullish() }),
  team: z.object({ id: z.string() }).nullish(),
  api_app_id: z.string(),
  trigger_id: z.string().optional(),
});

const View = z.object({
  id: z.string(),
  hash: z.string().optional(),
  callback_id: z.string().default(''),
  private_metadata: z.string().default(''),
  state: z.object({ values: z.record(z.string(), z.record(z.string(), z.unknown())) }).optional(),
});

export const SlashBody = z.object({
  command: z.string(),
  text: z.string().default(''),
  team_id: z.string().nullish(),
  channel_id: z.string(),
  channel_name: z.string().default(''),
  user_id: z.string(),
  api_app_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string(),
});
export type SlashBody = z.infer<typeof SlashBody>;

export const ActionBody = Common.extend({
  trigger_id: z.string(),
  channel: z.object({ id: z.string(), name: z.string().default('') }).nullish(),
  container: z.object({ is_ephemeral: z.boolean().optional() }).optional(),
  message: z
    .object({
      app_id: z.string().optional(),
      bot_id: z.string().optional(),
      edited: z.object({ user: z.string() }).optional(),
    })
    .optional(),
  view: View.optional(),
  response_url: z.string().optional(),
  actions: z
    .array(
      z.object({
        action_id: z.string(),
        value: z.string().nullish(),
        selected_option: z.object({ value: z.string() }).nullish(),
      }),
    )
    .min(1),
});
export type ActionBody = z.infer<typeof ActionBody>;

/** A message that somebody chose. Slack says of which app the shortcut is only by whom it tells of it. */
export const ShortcutBody = Common.extend({
  api_app_id: z.string().optional(),
  callback_id: z.string(),
  trigger_id: z.string(),
  response_url: z.string().default(''),
  channel: z.object({ id: z.string(), name: z.string().default('') }),
  message: z.looseObject({
    ts: z.string(),
    thread_ts: z.string().optional(),
    edited: z.object({ user: z.string() }).optional(),
  }),
});
export type ShortcutBody = z.infer<typeof ShortcutBody>;

export const SuggestionBody = Common.extend({
  action_id: z.string(),
  value: z.string(),
  view: View.optional(),
});
export type SuggestionBody = z.infer<typeof SuggestionBody>;

export const ViewBody = Common.extend({ view: View });
export type ViewBody = z.infer<typeof ViewBody>;
export type ViewState = z.infer<typeof View>;

/** The workspace and the bot's own account: what is compared with is the daemon's, what is foreign is told. */
export interface Home {
  team: string;
  /** The bot's own user. */
  self: string;
  /** The app of reeve.yaml. */
  app: string;
}

/** Slack's own account, which speaks for no person. */
const SLACKBOT = 'USLACKBOT';

/** A conversation of one or a few people, not a channel: by its id, and for groups by the name that Slack reserves. */
const isDirect = (id: string, name: string): boolean =>
  id.startsWith('D') || name === 'directmessage' || name.startsWith('mpdm-');

/** Of several teams that an interaction names, the one that is not ours; people of other workspaces share channels. */
function placeOf(home: Home, teams: readonly (string | null | undefined)[], direct: boolean): string | null {
  if (direct) return null;
  const named = teams.filter((team) => team !== null && team !== undefined);
  return named.find((team) => team !== home.team) ?? named[0] ?? 'unknown';
}

/** `trigger_id` is one of a kind, and the same in every delivery of one interaction. */
export function fromSlash(home: Home, body: SlashBody): ChatFrom {
  return {
    place: placeOf(home, [body.team_id], isDirect(body.channel_id, body.channel_name)),
    application: body.api_app_id,
    account: body.user_id,
    channel: body.channel_id,
    interaction: body.trigger_id,
    bot: body.user_id === SLACKBOT,
  };
}

/** A button or menu in a message. */
export function fromAction(home: Home, body: ActionBody): ChatFrom {
  const { message, channel, user } = body;
  const edited = message?.edited;
  return {
    place: placeOf(home, [body.team?.id, user.team_id], isDirect(channel?.id ?? '', channel?.name ?? '')),
    // The app of the message and the one it was sent to are one app; two of them are not ours, whichever is.
    application:
      message?.app_id === undefined || message.app_id === body.api_app_id
        ? body.api_app_id
        : `${body.api_app_id}/${message.app_id}`.slice(0, 32),
    account: user.id,
    channel: channel?.id ?? 'unknown',
    interaction: body.trigger_id,
    bot: user.id === SLACKBOT,
    // The bot changes its own messages all the time; nobody else can change them.
    edited: edited !== undefined && edited.user !== home.self,
  };
}

/** The menu of a message, whoever wrote it. */
export function fromShortcut(home: Home, body: ShortcutBody): ChatFrom {
  const { message, channel, user, team } = body;
  return {
    place: placeOf(home, [team?.id, user.team_id], isDirect(channel.id, channel.name)),
    application: body.api_app_id ?? home.app,
    account: user.id,
    channel: channel.id,
    interaction: body.trigger_id,
    bot: user.id === SLACKBOT,
    // What somebody changed afterwards is not what others have read. The bot changes its own all the time.
    edited: message.edited !== undefined && message.edited.user !== home.self,
  };
}

/** A modal, or a field in it. `channel`: where it was opened from. A view is sent once, however often it arrives. */
export function fromView(
  home: Home,
  body: Pick<ViewBody, 'user' | 'team' | 'api_app_id'>,
  view: ViewState,
  channel: string,
): ChatFrom {
  return {
    place: placeOf(home, [body.team?.id, body.user.team_id], isDirect(channel, '')),
    application: body.api_app_id,
    account: body.user.id,
    channel: channel === '' ? 'unknown' : channel,
    interaction: `view-${view.id}`,
    bot: body.user.id === SLACKBOT,
  };
}

/** Slack writes these three as entities in what people type; what was copied from a message of ours holds its zero widths. */
export const unescape = (text: string): string =>
  text.replaceAll(ZERO_WIDTH, '').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');

/** What people read of a text: Slack's references to people, channels and addresses as words. */
export const readable = (text: string): string =>
  unescape(
    text.replaceAll(/<([^<>|]*)(?:\|([^<>]*))?>/g, (_, reference: string, label: string | undefined) => {
      const sign = reference[0] ?? '';
      if (sign === '@') return `@${label ?? reference.slice(1)}`;
      if (sign === '#') return `#${label ?? reference.slice(1)}`;
      if (sign === '!') return label ?? `@${reference.slice(1)}`;
      return label === undefined || label === reference ? reference : `${label} (${reference})`;
    }),
  );
