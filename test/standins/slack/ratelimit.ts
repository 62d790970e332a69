import type { PlatformClock } from '../platform/clock.ts';
import type { Answer } from '../platform/server.ts';

/** `perMinute` calls on average, `burst` at once. */
export interface Rate {
  perMinute: number;
  burst: number;
}

/** Tier 2, 3 and 4. Tier 3 for what is not named. */
const FEW: Rate = { perMinute: 20, burst: 20 };
const USUAL: Rate = { perMinute: 50, burst: 50 };
const MANY: Rate = { perMinute: 100, burst: 100 };
/** Slack's tiers by method; chat.postMessage is about one a second and channel, with short bursts (how short is not published). */
const RATES: Record<string, Rate> = {
  'chat.postMessage': { perMinute: 60, burst: 10 },
  'chat.update': USUAL,
  'conversations.list': FEW,
  'users.list': FEW,
  'apps.connections.open': { perMinute: 60, burst: 60 },
  'views.open': MANY,
  'views.update': MANY,
  'views.push': MANY,
  'chat.postEphemeral': MANY,
  'users.info': MANY,
  'files.getUploadURLExternal': MANY,
  'files.completeUploadExternal': MANY,
  'auth.test': { perMinute: 600, burst: 600 },
};

/** A bucket per method, token and (for chat.postMessage) channel that fills evenly. */
export class RateLimits {
  /** Method → its rate, instead of the usual one. */
  readonly rates = new Map<string, Rate>();
  readonly #clock: PlatformClock;
  #buckets = new Map<string, { left: number; at: number }>();

  constructor(clock: PlatformClock) {
    this.#clock = clock;
  }

  /** The 429, or undefined when the call may go on. */
  take(method: string, key: string): Answer | undefined {
    const rate = this.rates.get(method) ?? RATES[method] ?? USUAL;
    const now = this.#clock.now();
    const bucket = this.#buckets.get(`${method} ${key}`) ?? { left: rate.burst, at: now };
    const left = Math.min(rate.burst, bucket.left + ((now - bucket.at) / 60_000) * rate.perMinute);
    const over = left < 1;
    this.#buckets.set(`${method} ${key}`, { left: over ? left : left - 1, at: now });
    return over ? this.refusal(Math.ceil(((1 - left) / rate.perMinute) * 60)) : undefined;
  }

  /** The 429 that Slack sends; seconds. */
  refusal(seconds: number): Answer {
    return {
      status: 429,
      headers: { 'retry-after': String(Math.max(1, seconds)) },
      body: { ok: false, error: 'ratelimited' },
    };
  }
}
