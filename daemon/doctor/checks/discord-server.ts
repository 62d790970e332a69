import { discordInvite } from '../../../contracts/chat-app.ts';
import { ok, wrong, type Check } from '../check.ts';
import { discordOf } from '../discord.ts';

export const discordServer: Check = {
  name: 'discord-server',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const { spec } = discord;
    const guild = await discord.get(`/guilds/${spec.guild}`);
    if (guild.is === 'refused' && [403, 404].includes(guild.status))
      return [
        wrong(
          `the bot is not in the server ${spec.guild}`,
          `Open ${discordInvite(spec)} and choose the server (a wrong id: right click on the server → Copy Server ID).`,
        ),
      ];
    if (guild.is !== 'answer') return [discord.dark(guild)];
    const member = await discord.member();
    if (member.is !== 'answer') return [discord.dark(member)];
    const { communication_disabled_until: silent } = member.body;
    return typeof silent === 'string' && Date.parse(silent) > look.clock.now()
      ? [wrong('the bot is timed out there, so it cannot write', 'Right click on the bot → Remove Timeout.')]
      : [ok(`the bot is in ${String(guild.body['name'])}`)];
  },
};
