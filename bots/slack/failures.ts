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

/** Said of a message, this is about its channel: the bot is no member there. */
const NO_MEMBER = 'no_permission';

/**
 * What ends by itself or when somebody mends the token or a scope (Slack API docs, errors of chat.postMessage and
 * chat.update). Trouble of Slack's own comes with these words and HTTP 200, too.
 */
const PASSES: ReadonlySet<string> = new Set([
  ...[...TOKEN].filter((word) => word !== NO_MEMBER),
  'missing_scope',
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'accesslimited',
  'two_factor_setup_required',
  'team_added_to_org',
  'external_channel_migrating',
  'streaming_state_conflict',
  'message_limit_exceeded',
  'update_failed',
]);

/**
 * A message that can never get there: it or its channel is gone or closed to the bot, or Slack will not have it as it is. A
 * word that is not known counts as one of these, too: otherwise one message would hold up all that come after it.
 */
export function isForever(error: unknown): boolean {
  const word = wordOf(error);
  return word !== undefined && !PASSES.has(word);
}

/** The scopes of which the token lacks one. */
export function neededScope(error: unknown): string | undefined {
  if (!(error instanceof WebAPIPlatformError)) return undefined;
  const { needed } = error.data as { needed?: unknown };
  return typeof needed === 'string' ? needed : undefined;
}

/** One line for the log: Slack's word and, for a scope, which. */
export function describe(error: unknown): string {
  if (error instanceof WebAPIPlatformError) {
    const needed = neededScope(error);
    return needed === undefined ? error.data.error : `${error.data.error}: needs ${needed}`;
  }
  return error instanceof Error ? error.message : String(error);
}
