import type { ClientOptions } from 'discord.js';

/**
 * Options of a client that answers interactions. Their endpoints do not count for the 50 requests a second of a bot
 * (Discord, Rate limits › Global rate limit), yet discord.js counts them: at 50 commands a second answers would wait for the
 * next second, more of them with each. What Discord itself says of limits holds all the same.
 */
export const interactionClient = (api: string | undefined): ClientOptions => ({
  intents: [],
  rest: { globalRequestsPerSecond: Number.POSITIVE_INFINITY, ...(api === undefined ? {} : { api }) },
});
