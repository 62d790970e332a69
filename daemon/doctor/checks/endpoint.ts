import type { Platform } from '../../../contracts/chat.ts';
import { ok, unknown, wrong, type Check } from '../check.ts';

/** Under `transport: http`: does the address that the platform calls lead to this daemon? */
const endpoint = (platform: Platform): Check => ({
  name: `${platform}-endpoint`,
  part: platform,
  async run(look) {
    const { chat } = (await look.estate()).config;
    if (chat[platform]?.transport !== 'http') return [];
    const url = `${chat.url ?? ''}/v1/interactions/${platform}`;
    const tunnel =
      'Look at the tunnel or proxy in front of the daemon: it hands that path to the daemon’s TCP port.';
    const status = await look.knock(url);
    if (typeof status === 'string') return [unknown(`${url} does not answer from here (${status})`, tunnel)];
    return status === 401
      ? [ok(`${url} leads to a daemon that checks signatures`)]
      : [wrong(`${url} answers HTTP ${status} where a daemon refuses with 401`, tunnel)];
  },
});

export const discordEndpoint = endpoint('discord');
export const slackEndpoint = endpoint('slack');
