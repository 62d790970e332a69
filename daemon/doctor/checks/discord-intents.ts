import { DISCORD_INTENTS } from '../../../contracts/chat-app.ts';
import { ok, warn, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';

/** Flags of an application: each privileged intent, granted or switched on for a small bot (Discord API docs, "Application Flags"). */
const INTENTS = [
  { name: 'Presence Intent', bits: (1 << 12) | (1 << 13) },
  { name: 'Server Members Intent', bits: (1 << 14) | (1 << 15) },
  { name: 'Message Content Intent', bits: (1 << 18) | (1 << 19) },
] as const;

/** The connection of the bot asks for no intent: it is told of interactions without one. Some are of use all the same. */
export const discordIntents: Check = {
  name: 'discord-intents',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const got = await discord.get('/applications/@me');
    if (got.is !== 'answer') return [discord.dark(got)];
    const flags = Number(got.body['flags'] ?? 0);
    const useful = new Set<string>(DISCORD_INTENTS.map(({ name }) => name));
    const on = INTENTS.filter(({ bits, name }) => (flags & bits) !== 0 && !useful.has(name)).map(
      ({ name }) => name,
    );
    const off = DISCORD_INTENTS.filter((intent) => (flags & intent.flags) === 0);
    return on.length === 0
      ? [
          ok(
            off.length === 0
              ? 'what is of use is switched on'
              : `none is needed; of use would be ${off.map(({ name, why }) => `${name} (${why})`).join(', ')}`,
          ),
        ]
      : [
          warn(
            `more than it needs: ${on.join(', ')}`,
            `Developer portal → Bot → Privileged Gateway Intents → switch off ${on.join(', ')}, Save Changes.`,
          ),
        ];
  },
};
