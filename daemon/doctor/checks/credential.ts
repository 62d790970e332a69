import type { Platform } from '../../../contracts/chat.ts';
import { ok, wrong, type Check } from '../check.ts';

const credential = (platform: Platform): Check => ({
  name: `${platform}-credential`,
  part: platform,
  async run(look) {
    const { config } = await look.estate();
    if (config.chat[platform] === undefined) return [];
    return (await look.ledger()).bots.has(platform)
      ? [ok('its bot may relay to this daemon')]
      : [wrong('its bot has no credential, so it does not run', `reeve chat setup ${platform}`)];
  },
});

export const discordCredential = credential('discord');
export const slackCredential = credential('slack');
