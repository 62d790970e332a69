import { DISCORD_PERMISSIONS } from '../../../contracts/chat-app.ts';
import { ok, wrong, type Check, type Finding } from '../check.ts';
import { discordOf, topicsOf, type Discord } from '../discord.ts';
import { permissionsIn } from '../permissions.ts';

/** GUILD_TEXT and GUILD_ANNOUNCEMENT: where messages of a bot can stand, with threads below them. */
const KINDS = new Set([0, 5]);

export const discordChannels: Check = {
  name: 'discord-channels',
  part: 'discord',
  async run(look) {
    const discord = await discordOf(look);
    if (discord === undefined) return [];
    const guild = await discord.get(`/guilds/${discord.spec.guild}`);
    if (guild.is !== 'answer') return [discord.dark(guild)];
    const member = await discord.member();
    if (member.is !== 'answer') return [discord.dark(member)];
    const found: Finding[] = [];
    for (const [id, topics] of topicsOf(discord.spec.channels))
      found.push(await channel(discord, id, topics.join(', '), guild.body, member.body));
    return found;
  },
};

async function channel(
  discord: Discord,
  id: string,
  topics: string,
  guild: Record<string, unknown>,
  member: Record<string, unknown>,
): Promise<Finding> {
  const got = await discord.get(`/channels/${id}`);
  const other = `Put another id under chat.discord.channels (${topics}): right click on the channel → Copy Channel ID.`;
  if (got.is === 'refused' && got.status === 404) return wrong(`${topics}: there is no channel ${id}`, other);
  const allow = (names: string): string =>
    `In Discord: Edit Channel → Permissions → the bot’s role → allow ${names}.`;
  if (got.is === 'refused' && got.status === 403)
    return wrong(`${topics}: the bot cannot see the channel ${id}`, allow('View Channel'));
  if (got.is !== 'answer') return discord.dark(got);
  const name = `#${String(got.body['name'])}`;
  if (got.body['guild_id'] !== discord.spec.guild)
    return wrong(`${topics}: ${name} is not in the server of reeve.yaml`, other);
  if (!KINDS.has(Number(got.body['type']))) return wrong(`${topics}: ${name} is no text channel`, other);
  const has = permissionsIn(guild, member, got.body);
  const missing = DISCORD_PERMISSIONS.filter(({ bit }) => (has & bit) === 0n).map((one) => one.name);
  return missing.length === 0
    ? ok(`${topics}: ${name}, with every permission it needs`)
    : wrong(`${topics}: in ${name} the bot may not: ${missing.join(', ')}`, allow(missing.join(', ')));
}
