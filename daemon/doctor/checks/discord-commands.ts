import { plural } from '../../../contracts/units.ts';
import { ok, unknown, warn, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';
import { some } from '../words.ts';

export const discordCommands: Check = {
  name: 'discord-commands',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const got = await discord.get(
      `/applications/${discord.spec.application}/guilds/${discord.spec.guild}/commands`,
    );
    if (got.is !== 'answer') return [discord.dark(got)];
    const up = await look.status().then(
      () => true,
      () => false,
    );
    if (!up || !(await look.ledger()).bots.has('discord'))
      return [unknown('only the daemon knows which commands there are', 'reeve up; then reeve doctor again')];
    const { changes, left } = await look.deployed('discord');
    return [
      changes.length === 0
        ? ok('registered, as they are now')
        : warn(
            `not as they are now: ${some(changes)}`,
            'The bot registers them within a minute of its start; at once: npm run bots:deploy -- --platform discord',
          ),
      ...(left.length === 0
        ? []
        : [
            ok(
              `${plural(left.length, 'command')} had no room, /reeve do takes ${left.length === 1 ? 'it' : 'them'} as a line: ${some(left)}`,
            ),
          ]),
    ];
  },
};
