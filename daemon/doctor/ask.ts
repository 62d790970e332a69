import type { Platform } from '../../contracts/chat.ts';
import type { Clock } from '../ports/clock.ts';

/** What came of a question to a platform. `away`: nothing can be concluded about what was asked for. */
export type Asked =
  | { is: 'answer'; body: Record<string, unknown>; headers: Headers }
  /** `code`: the platform's own (Discord's number, Slack's word). */
  | { is: 'refused'; status: number; code: string; body: Record<string, unknown>; headers: Headers }
  | { is: 'away'; why: string };

/** No platform takes as long when it is well, ms. */
const PATIENCE = 10_000;
const AGENT = 'DiscordBot (https://github.com/reeve, 1) doctor';

export interface AskDeps {
  clock: Pick<Clock, 'now'>;
  /** Told the platform's clock less ours, ms, whenever it answers. */
  skew(platform: Platform, ms: number): void;
}

/** GET of Discord's REST API v10 (`api` without the version). */
export async function askDiscord(deps: AskDeps, api: string, token: string, path: string): Promise<Asked> {
  return ask(deps, 'discord', `${api}/v10${path}`, {
    headers: { authorization: `Bot ${token}`, 'user-agent': AGENT },
  });
}

/** One method of Slack's Web API (`api` ends with a slash). Slack says `ok: false` where HTTP says 200. */
export async function askSlack(
  deps: AskDeps,
  api: string,
  token: string,
  method: string,
  args: Record<string, string>,
): Promise<Asked> {
  const asked = await ask(deps, 'slack', `${api}${method}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(args).toString(),
  });
  if (asked.is !== 'answer' || asked.body['ok'] === true) return asked;
  const code = typeof asked.body['error'] === 'string' ? asked.body['error'] : 'no reason given';
  if (SLACK_AWAY.has(code)) return { is: 'away', why: `Slack says ${code}` };
  return { is: 'refused', status: 200, code, body: asked.body, headers: asked.headers };
}

/** Words for trouble of Slack's own (Slack API docs, errors of every method). */
const SLACK_AWAY = new Set([
  'ratelimited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
]);

async function ask(deps: AskDeps, platform: Platform, url: string, init: RequestInit): Promise<Asked> {
  let response: Response;
  let text: string;
  try {
    response = await fetch(url, { ...init, redirect: 'error', signal: AbortSignal.timeout(PATIENCE) });
    text = await response.text();
  } catch (error) {
    return { is: 'away', why: reason(error) };
  }
  const { status, headers } = response;
  const there = Date.parse(headers.get('date') ?? '');
  if (!Number.isNaN(there)) deps.skew(platform, there - deps.clock.now());
  if (status === 429 || status >= 500) return { is: 'away', why: `HTTP ${status}` };
  const body = objectOf(text);
  if (body === undefined) return { is: 'away', why: `HTTP ${status} without JSON: a proxy in between?` };
  if (response.ok) return { is: 'answer', body, headers };
  const { code } = body;
  return { is: 'refused', status, code: typeof code === 'number' ? `${code}` : `${status}`, body, headers };
}

/** POST without a signature: whoever answers 401 to it is what checks signatures. A text: why nothing answered. */
export async function knock(url: string): Promise<number | string> {
  try {
    const signal = AbortSignal.timeout(PATIENCE);
    const response = await fetch(url, { method: 'POST', body: '{}', redirect: 'error', signal });
    await response.body?.cancel();
    return response.status;
  } catch (error) {
    return reason(error);
  }
}

function objectOf(text: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(text) as unknown;
    if (Array.isArray(value)) return { list: value };
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

/** Never the request itself, which holds a token. */
function reason(error: unknown): string {
  if (error instanceof Error && error.name === 'TimeoutError') return `no answer within ${PATIENCE / 1000} s`;
  const cause = error instanceof Error ? error.cause : undefined;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  return code === '' ? 'the connection failed' : `the connection failed (${code})`;
}
