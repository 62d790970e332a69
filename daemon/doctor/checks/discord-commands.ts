import { ok, unknown, warn, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';

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
            `not as they are now: ${changes.slice(0, 5).join(', ')}`,
            'The bot registers them within a minute of its start; at once: npm run bots:deploy -- --platform discord',
          ),
      ...(left.length === 0
        ? []
        : [ok(`${left.length} had no room, /reeve do takes them as a line: ${left.slice(0, 5).join(', ')}`)]),
    ];
  },
};
