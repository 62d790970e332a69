import { webApi } from '@slack/bolt';

const { WebAPIPlatformError, WebAPIRateLimitedError } = webApi;

/** Slack's word for what is wrong (`not_in_channel`); undefined when it never answered, or not in its own words. */
export const wordOf = (error: unknown): string | undefined =>
  error instanceof WebAPIPlatformError ? error.data.error : undefined;

/** How long to wait after a 429, ms; undefined for anything else. */
export const pauseOf = (error: unknown): number | undefined =>
  error instanceof WebAPIRateLimitedError ? error.retryAfter * 1000 : undefined;

/** The token is no good (any more), or lacks a scope; somebody has to do something about it. */
const TOKEN = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'no_permission',
  'org_login_required',
  'user_removed_from_team',
  'team_access_not_granted',
  'forbidden_request',
]);
export const isTokenTrouble = (error: unknown): boolean => TOKEN.has(wordOf(error) ?? '');

/**
 * A message that can never get there: it or its channel is gone or closed to the bot. Troubles with the token or a scope
 * are not among them, since they end when somebody mends them.
 */
const NEVER = new Set([
  'channel_not_found',
  'not_in_channel',
  'is_archived',
  'is_inactive',
  'message_not_found',
  'cant_update_message',
  'edit_window_closed',
  'restricted_action',
  'restricted_action_read_only_channel',
  'restricted_action_non_threadable_channel',
  'restricted_action_thread_only_channel',
  'no_text',
  'invalid_blocks',
  'invalid_blocks_format',
  'msg_blocks_too_long',
  'msg_too_long',
  'invalid_arguments',
  'user_not_found',
  'user_not_in_channel',
]);
export const isForever = (error: unknown): boolean => NEVER.has(wordOf(error) ?? '');

/** One line for the log: Slack's word and, for a scope, which. */
export function describe(error: unknown): string {
  if (error instanceof WebAPIPlatformError) {
    const { needed } = error.data as { needed?: unknown };
    return typeof needed === 'string' ? `${error.data.error}: needs ${needed}` : error.data.error;
  }
  return error instanceof Error ? error.message : String(error);
}
