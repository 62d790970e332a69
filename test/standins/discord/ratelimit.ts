import { createHash } from 'node:crypto';
import type { PlatformClock } from '../platform/clock.ts';
import type { Answer } from '../platform/server.ts';

/** `limit` requests in `window` ms. */
export interface Rate {
  limit: number;
  window: number;
}

interface Window {
  left: number;
  resetsAt: number;
}

/**
 * Discord publishes no table: clients have to read the headers. These are figures people saw (a channel's messages: 5 in 5 s; an interaction's
 * webhook: 5 in 2 s), and a test sets its own with `rates`. 50 requests a second for the whole bot are published; interaction
 * endpoints do not count for that.
 */
const RATES: [pattern: RegExp, rate: Rate][] = [
  [/^(POST|PATCH|DELETE) \/channels\/:id\/messages/u, { limit: 5, window: 5_000 }],
  [/^(POST|PATCH|DELETE) \/webhooks/u, { limit: 5, window: 2_000 }],
  [/^\w+ \/applications\/:id\/(guilds\/:id\/)?commands/u, { limit: 5, window: 20_000 }],
  [/reactions/u, { limit: 1, window: 250 }],
];
const GLOBAL: Rate = { limit: 50, window: 1_000 };

/** Counts requests per bucket and major parameter, and says what the headers have to say. */
export class RateLimits {
  /** Route as in `PATCH /channels/:id/messages/:id` → its rate, instead of the usual one. */
  readonly rates = new Map<string, Rate>();
  readonly #clock: PlatformClock;
  #windows = new Map<string, Window>();

  constructor(clock: PlatformClock) {
    this.#clock = clock;
  }

  /** Headers for an allowed request, or the 429. `major` is what the route's first parameter names. */
  take(
    botId: string,
    route: string,
    major: string,
  ): { headers: Record<string, string> } | { refused: Answer } {
    const unbound = route.includes('/callback') || route.includes('/webhooks/');
    if (!unbound) {
      const all = this.#spend(`${botId} global`, GLOBAL);
      if (all.over) return { refused: this.refusal(all.after, 'global') };
    }
    const rate = this.rates.get(route) ?? RATES.find(([pattern]) => pattern.test(route))?.[1];
    if (rate === undefined || route.includes('/callback')) return { headers: {} };
    const bucket = createHash('md5').update(route).digest('hex');
    const spent = this.#spend(`${botId} ${bucket} ${major}`, rate);
    const headers = {
      'x-ratelimit-bucket': bucket,
      'x-ratelimit-limit': String(rate.limit),
      'x-ratelimit-remaining': String(spent.left),
      'x-ratelimit-reset': ((this.#clock.now() + spent.after) / 1_000).toFixed(3),
      'x-ratelimit-reset-after': (spent.after / 1_000).toFixed(3),
    };
    if (!spent.over) return { headers };
    const refused = this.refusal(spent.after, 'user');
    return { refused: { ...refused, headers: { ...refused.headers, ...headers } } };
  }

  /** The 429 that Discord sends; `retry` in ms. */
  refusal(retry: number, scope: 'user' | 'global' | 'shared'): Answer {
    const seconds = retry / 1_000;
    return {
      status: 429,
      headers: {
        'retry-after': String(Math.max(1, Math.ceil(seconds))),
        'x-ratelimit-scope': scope,
        ...(scope === 'global'
          ? { 'x-ratelimit-global': 'true' }
          : {
              'x-ratelimit-limit': '5',
              'x-ratelimit-remaining': '0',
              'x-ratelimit-reset': ((this.#clock.now() + retry) / 1_000).toFixed(3),
              'x-ratelimit-reset-after': seconds.toFixed(3),
            }),
      },
      body: { message: 'You are being rate limited.', retry_after: seconds, global: scope === 'global' },
    };
  }

  #spend(key: string, { limit, window }: Rate): { left: number; after: number; over: boolean } {
    const now = this.#clock.now();
    let current = this.#windows.get(key);
    if (current === undefined || current.resetsAt <= now) {
      current = { left: limit, resetsAt: now + window };
      this.#windows.set(key, current);
    }
    const over = current.left === 0;
    if (!over) current.left -= 1;
    return { left: current.left, after: current.resetsAt - now, over };
  }
}
