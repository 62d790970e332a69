import type { Check } from '../check.ts';
import { ok, wrong } from '../check.ts';
import { discordOf } from '../discord.ts';
import { orGiven } from '../words.ts';

export const discordToken: Check = {
  name: 'discord-token',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const { spec } = discord;
    const fresh = `discord.com/developers/applications → the application → Bot → Reset Token → Copy; then reeve secret set ${spec.token} --value -`;
    const me = await discord.get('/users/@me');
    if (me.is === 'missing')
      return [wrong(`no secret is named ${spec.token}`, orGiven(fresh, 'REEVE_DISCORD_TOKEN'))];
    if (me.is === 'refused') return [wrong(`Discord does not accept the token ${spec.token}`, fresh)];
    if (me.is === 'away') return [discord.away(me.why)];
    return [ok(`the token is ${String(me.body['username'])}’s`)];
  },
};
