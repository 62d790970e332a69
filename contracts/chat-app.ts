/*
 * What the bot has to be allowed on its platform, and why: the Slack manifest, Discord's invite link and `reeve doctor` all
 * read it here.
 */

/** Bot token scopes (Slack API docs, "OAuth scopes"). */
export const SLACK_SCOPES = {
  commands: 'slash commands',
  'chat:write': 'messages, and changing its own',
  'files:write': 'plans and logs that are too long for a message',
  'im:write': 'such a file for one person alone',
  'channels:history':
    'after a crash: whether a message was sent already; notes in the threads of incidents; what was said before what is captured',
  'groups:history': 'the same in private channels',
  'channels:read': 'reeve doctor: whether the bot is in its channels',
  'groups:read': 'the same in private channels',
  'reactions:write': 'a mark at what became a note of an incident, or a draft',
  'users:read': 'the names of those who said what is captured',
} as const;

/** The scope of the app-level token, with which Socket Mode connects. */
export const SLACK_APP_SCOPE = 'connections:write';

/** OAuth scopes of the invite link. */
export const DISCORD_SCOPES = ['bot', 'applications.commands'] as const;

/** Permissions of the bot in its channels, by the names that Discord's settings show (Discord API docs, "Permissions"). */
export const DISCORD_PERMISSIONS = [
  { name: 'View Channel', bit: 1n << 10n, why: 'nothing can be posted in a channel that cannot be seen' },
  { name: 'Send Messages', bit: 1n << 11n, why: 'live messages, approvals, alerts' },
  { name: 'Embed Links', bit: 1n << 14n, why: 'every message of the bot is an embed' },
  { name: 'Attach Files', bit: 1n << 15n, why: 'plans and logs that are too long for a message' },
  { name: 'Read Message History', bit: 1n << 16n, why: 'finding and changing its own messages' },
  { name: 'Add Reactions', bit: 1n << 6n, why: 'a mark at what became a note of an incident, or a draft' },
  { name: 'Create Public Threads', bit: 1n << 35n, why: 'a thread below each incident' },
  { name: 'Send Messages in Threads', bit: 1n << 38n, why: 'says there what becomes a note' },
] as const;

/**
 * Privileged intents of the application (Discord API docs, "Application Flags": granted, or switched on for a small bot). The
 * connection itself asks for none; an intent that is switched on lets the bot read texts by the API. All are optional.
 */
export const DISCORD_INTENTS = [
  {
    name: 'Message Content Intent',
    flags: (1 << 18) | (1 << 19),
    why: 'what people write in the thread of an incident becomes a note in its timeline, and `/reeve capture` finds what was said before; without it `/reeve incidents note` and the menu of a message do that for one message',
  },
] as const;

/** The link that invites the bot into one server, with exactly these permissions. */
export function discordInvite({ application, guild }: { application: string; guild: string }): string {
  const query = new URLSearchParams({
    client_id: application,
    scope: DISCORD_SCOPES.join(' '),
    permissions: String(DISCORD_PERMISSIONS.reduce((all, { bit }) => all | bit, 0n)),
    guild_id: guild,
    disable_guild_select: 'true',
  });
  return `https://discord.com/oauth2/authorize?${query.toString()}`;
}
