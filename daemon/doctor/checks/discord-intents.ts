import { ok, warn, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';

/** Flags of an application: each privileged intent, granted or switched on for a small bot (Discord API docs, "Application Flags"). */
const INTENTS = [
  { name: 'Presence Intent', bits: (1 << 12) | (1 << 13) },
  { name: 'Server Members Intent', bits: (1 << 14) | (1 << 15) },
  { name: 'Message Content Intent', bits: (1 << 18) | (1 << 19) },
] as const;

/** The bot asks for no intent at all: it is told of interactions without one. */
export const discordIntents: Check = {
  name: 'discord-intents',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const got = await discord.get('/applications/@me');
    if (got.is !== 'answer') return [discord.dark(got)];
    const flags = Number(got.body['flags'] ?? 0);
    const on = INTENTS.filter(({ bits }) => (flags & bits) !== 0).map(({ name }) => name);
    return on.length === 0
      ? [ok('none is switched on, and none is needed')]
      : [
          warn(
            `more than it needs: ${on.join(', ')}`,
            `Developer portal → Bot → Privileged Gateway Intents → switch off ${on.join(', ')}, Save Changes.`,
          ),
        ];
  },
};
